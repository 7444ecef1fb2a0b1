"""The city on HTTP."""
