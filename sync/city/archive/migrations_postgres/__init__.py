"""Numbered SQL files of the PostgreSQL archive."""
