"""Officers' sessions (by the digest of their token) and failed sign-ins."""

import sqlite3

from edge_node.store.unit_of_work import Transaction


def insert(
    transaction: Transaction, session_id: bytes, officer_id: str, expires_wall_ms: int
) -> None:
    """Begin a session."""
    transaction.connection.execute(
        "INSERT INTO session (id, officer_id, begun_at, expires_wall_ms) VALUES (?, ?, ?, ?)",
        (session_id, officer_id, transaction.moment.text, expires_wall_ms),
    )


def find(connection: sqlite3.Connection, session_id: bytes) -> tuple[str, int] | None:
    """Whose session it is and when it ends (wall ms), or None."""
    row = connection.execute(
        "SELECT officer_id, expires_wall_ms FROM session WHERE id = ?", (session_id,)
    ).fetchone()
    return (row[0], row[1]) if row is not None else None


def delete(transaction: Transaction, session_id: bytes) -> None:
    """End a session."""
    transaction.connection.execute("DELETE FROM session WHERE id = ?", (session_id,))


def failures(connection: sqlite3.Connection, officer_id: str) -> tuple[int, int]:
    """Failed sign-ins in a row and when the last one was (wall ms)."""
    row = connection.execute(
        "SELECT failures, last_wall_ms FROM sign_in_failure WHERE officer_id = ?", (officer_id,)
    ).fetchone()
    return (row[0], row[1]) if row is not None else (0, 0)


def add_failure(transaction: Transaction, officer_id: str) -> int:
    """Count a failed sign-in; the number in a row."""
    row = transaction.connection.execute(
        "INSERT INTO sign_in_failure (officer_id, failures, last_wall_ms) VALUES (?, 1, ?)"
        " ON CONFLICT (officer_id) DO UPDATE SET failures = failures + 1,"
        " last_wall_ms = excluded.last_wall_ms RETURNING failures",
        (officer_id, transaction.moment.time.wall_ms or 0),
    ).fetchone()
    return int(row[0])


def clear_failures(transaction: Transaction, officer_id: str) -> None:
    """Forget failed sign-ins after a good one."""
    transaction.connection.execute(
        "DELETE FROM sign_in_failure WHERE officer_id = ?", (officer_id,)
    )
