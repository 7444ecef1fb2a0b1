"""The rules of the one-stop desk: pure, no clock, no randomness, no input or output."""
