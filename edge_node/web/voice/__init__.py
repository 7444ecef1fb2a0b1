"""The voice of the call board: recorded words, joined into one call."""
