"""Copies of the archive: made, verified, tried, restored."""
