"""What stands on the screens that face citizens: a payment for each counter, nothing personal."""

import sqlite3
from typing import NamedTuple

from edge_node.store.unit_of_work import Transaction


class ScreenRow(NamedTuple):
    """Which payment is shown, and since when it stands as it stands (ISO 8601)."""

    payment_id: bytes
    shown_at: str


def show(transaction: Transaction, counter: str, payment_id: bytes) -> None:
    """Put a payment on a counter's screen."""
    transaction.connection.execute(
        "INSERT OR REPLACE INTO customer_screen (counter, payment_id, shown_at) VALUES (?, ?, ?)",
        (counter, payment_id, transaction.moment.text),
    )


def touch(transaction: Transaction, payment_id: bytes) -> None:
    """Something about a payment changed just now."""
    transaction.connection.execute(
        "UPDATE customer_screen SET shown_at = ? WHERE payment_id = ?",
        (transaction.moment.text, payment_id),
    )


def clear(transaction: Transaction, counter: str) -> None:
    """Nothing is shown any more."""
    transaction.connection.execute("DELETE FROM customer_screen WHERE counter = ?", (counter,))


def find(connection: sqlite3.Connection, counter: str) -> ScreenRow | None:
    """What a counter's screen shows."""
    row = connection.execute(
        "SELECT payment_id, shown_at FROM customer_screen WHERE counter = ?", (counter,)
    ).fetchone()
    return ScreenRow(*row) if row is not None else None
