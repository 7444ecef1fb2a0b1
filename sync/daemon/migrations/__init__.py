"""Numbered migrations of sync.db."""
