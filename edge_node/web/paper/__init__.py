"""Pages about paper: what it looks like, whether it is ours, and what was written by hand."""
