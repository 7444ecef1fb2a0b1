"""Holds any implementation of WES/1 to the test vectors, through three commands that it offers."""
