"""Numbered SQL files of the SQLite archive."""
