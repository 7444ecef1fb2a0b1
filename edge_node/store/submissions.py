"""Answers given to idempotency keys. Kept for ever, never changed."""

import sqlite3

from edge_node.store.unit_of_work import Transaction


def find(connection: sqlite3.Connection, key: str) -> tuple[bytes, bytes] | None:
    """Digest of the request and the answer it got, or None for a new key."""
    row = connection.execute(
        "SELECT digest, answer FROM submission WHERE key = ?", (key,)
    ).fetchone()
    return (row[0], row[1]) if row is not None else None


def insert(transaction: Transaction, key: str, digest: bytes, answer: bytes) -> bool:
    """Remember what is answered; False when the key has an answer already.

    Called before the other rows are written, so that a repeated key changes nothing.
    """
    try:
        transaction.connection.execute(
            "INSERT INTO submission (key, digest, answer) VALUES (?, ?, ?)",
            (key, digest, answer),
        )
    except sqlite3.IntegrityError:
        return False
    return True
