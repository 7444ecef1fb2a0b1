"""Answers given to idempotency keys. Kept for ever, never changed."""

import sqlite3

from edge_node.store.unit_of_work import Transaction


def find(connection: sqlite3.Connection, key: str) -> tuple[bytes, bytes] | None:
    """Digest of the request and the answer it got, or None for a new key."""
    row = connection.execute(
        "SELECT digest, answer FROM submission WHERE key = ?", (key,)
    ).fetchone()
    return (row[0], row[1]) if row is not None else None


def insert(transaction: Transaction, key: str, digest: bytes, answer: bytes) -> None:
    """Remember what was answered, in the transaction that made it true."""
    transaction.connection.execute(
        "INSERT INTO submission (key, digest, answer) VALUES (?, ?, ?)", (key, digest, answer)
    )
