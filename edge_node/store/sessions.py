"""Officers' sessions (by the digest of their token), known devices and failed sign-ins."""

import sqlite3
from typing import Final, NamedTuple

from edge_node.store.unit_of_work import Transaction

UNKNOWN_DEVICE: Final = bytes(32)
"""Shared by every browser nobody has signed in from."""


class SessionRow(NamedTuple):
    """One session; `locked_at` is empty while the screen is open, times are ISO 8601."""

    id: bytes
    officer_id: str
    device_id: bytes
    counter: str
    means: str
    begun_at: str
    expires_wall_ms: int
    locked_at: str


_COLUMNS = "id, officer_id, device_id, counter, means, begun_at, expires_wall_ms, locked_at"


def insert(transaction: Transaction, row: SessionRow) -> None:
    """Begin a session."""
    transaction.connection.execute(
        f"INSERT INTO session ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        row,
    )


def find(connection: sqlite3.Connection, session_id: bytes) -> SessionRow | None:
    """One session, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM session WHERE id = ?",  # noqa: S608 - column names are ours
        (session_id,),
    ).fetchone()
    return SessionRow(*row) if row is not None else None


def open_ones(connection: sqlite3.Connection, now_wall_ms: int) -> list[SessionRow]:
    """Every session that has not run out, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM session WHERE expires_wall_ms >= ?"  # noqa: S608
        " ORDER BY begun_at, id",
        (now_wall_ms,),
    )
    return [SessionRow(*row) for row in rows]


def set_locked(transaction: Transaction, session_id: bytes, locked_at: str) -> None:
    """Lock the screen of a session, or open it again with an empty time."""
    transaction.connection.execute(
        "UPDATE session SET locked_at = ? WHERE id = ?", (locked_at, session_id)
    )


def delete(transaction: Transaction, session_id: bytes) -> None:
    """End a session."""
    transaction.connection.execute("DELETE FROM session WHERE id = ?", (session_id,))


def delete_of(transaction: Transaction, officer_id: str, keep: bytes = b"") -> int:
    """End the sessions of one officer (of everybody when empty) except `keep`; how many."""
    return transaction.connection.execute(
        "DELETE FROM session WHERE (officer_id = ?1 OR ?1 = '') AND id <> ?2", (officer_id, keep)
    ).rowcount


def delete_over(transaction: Transaction) -> None:
    """Forget sessions that have run out."""
    transaction.connection.execute(
        "DELETE FROM session WHERE expires_wall_ms < ?", (transaction.moment.time.wall_ms or 0,)
    )


def device_known(connection: sqlite3.Connection, device_id: bytes) -> bool:
    """Whether somebody has signed in from this browser before."""
    row = connection.execute("SELECT 1 FROM counter_device WHERE id = ?", (device_id,)).fetchone()
    return row is not None


def add_device(transaction: Transaction, device_id: bytes) -> None:
    """Remember a browser somebody has signed in from."""
    transaction.connection.execute(
        "INSERT INTO counter_device (id, first_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (device_id, transaction.moment.text),
    )


def failures(connection: sqlite3.Connection, officer_id: str, device_id: bytes) -> tuple[int, int]:
    """Failed sign-ins in a row on this device and when the last one was (wall ms)."""
    row = connection.execute(
        "SELECT failures, last_wall_ms FROM sign_in_failure WHERE officer_id = ? AND device_id = ?",
        (officer_id, device_id),
    ).fetchone()
    return (row[0], row[1]) if row is not None else (0, 0)


def set_failures(
    transaction: Transaction, officer_id: str, device_id: bytes, failures_now: int
) -> None:
    """Store how many sign-ins failed in a row, the last one now."""
    transaction.connection.execute(
        "INSERT INTO sign_in_failure (officer_id, device_id, failures, last_wall_ms)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (officer_id, device_id) DO UPDATE SET"
        " failures = excluded.failures, last_wall_ms = excluded.last_wall_ms",
        (officer_id, device_id, failures_now, transaction.moment.time.wall_ms or 0),
    )


def clear_failures(
    transaction: Transaction, officer_id: str, device_id: bytes | None = None
) -> None:
    """Forget failed sign-ins on a device after a good one, or on all after a new PIN."""
    transaction.connection.execute(
        "DELETE FROM sign_in_failure WHERE officer_id = ?1 AND (device_id = ?2 OR ?2 IS NULL)",
        (officer_id, device_id),
    )
