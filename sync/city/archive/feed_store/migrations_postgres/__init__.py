"""Numbered SQL files of the feeds and of the ledger of attachments in PostgreSQL."""
