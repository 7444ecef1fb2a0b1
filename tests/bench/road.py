"""Sync of a backlog: the real daemon and the real city, beside one POST per record.

Both sides move the same records, durable at the far end before the answer.
"""

from rich.console import Console


def measure(console: Console, dossiers: int) -> None:
    """Not there yet."""
    console.print(f"sync of {dossiers} dossiers: to be measured")
