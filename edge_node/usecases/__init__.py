"""What people do at a station: one file per role, one function per human action."""
