"""One check per file: facts in, at most one issue out; pure, no input or output."""
