"""Unfinished kiosk forms: opaque sealed bytes under the digest of the visitor's cookie."""

import sqlite3

from edge_node.store.unit_of_work import Transaction


def save(transaction: Transaction, draft_id: bytes, sealed: bytes) -> None:
    """Store or replace a draft."""
    transaction.connection.execute(
        "INSERT INTO draft (id, sealed, changed_wall_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed,"
        " changed_wall_ms = excluded.changed_wall_ms",
        (draft_id, sealed, transaction.moment.time.wall_ms or 0),
    )


def find(connection: sqlite3.Connection, draft_id: bytes) -> tuple[bytes, int] | None:
    """The sealed draft and when it last changed (wall ms), or None."""
    row = connection.execute(
        "SELECT sealed, changed_wall_ms FROM draft WHERE id = ?", (draft_id,)
    ).fetchone()
    return (row[0], row[1]) if row is not None else None


def delete(transaction: Transaction, draft_id: bytes) -> None:
    """Forget a draft."""
    transaction.connection.execute("DELETE FROM draft WHERE id = ?", (draft_id,))


def delete_older_than(transaction: Transaction, wall_ms: int) -> int:
    """Forget every draft not touched since `wall_ms`; how many there were."""
    cursor = transaction.connection.execute(
        "DELETE FROM draft WHERE changed_wall_ms < ?", (wall_ms,)
    )
    return cursor.rowcount
