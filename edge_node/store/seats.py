"""Browsers that are paired with a seat, by the digest of their cookie."""

import sqlite3
from typing import NamedTuple

from edge_node.store.unit_of_work import Transaction


class SeatRow(NamedTuple):
    """A seat's browser: who paired it and when, and when it was last seen (wall ms)."""

    name: str
    token_id: bytes
    paired_by: str
    paired_wall_ms: int
    seen_wall_ms: int


def all_of(connection: sqlite3.Connection) -> list[SeatRow]:
    """Every paired browser."""
    rows = connection.execute(
        "SELECT name, token_id, paired_by, paired_wall_ms, seen_wall_ms FROM seat ORDER BY name"
    )
    return [SeatRow(*row) for row in rows]


def put(transaction: Transaction, row: SeatRow) -> None:
    """Pair a browser; who was paired with the seat before is not any more."""
    transaction.connection.execute(
        "INSERT OR REPLACE INTO seat (name, token_id, paired_by, paired_wall_ms, seen_wall_ms)"
        " VALUES (?, ?, ?, ?, ?)",
        row,
    )


def touch(transaction: Transaction, token_id: bytes) -> None:
    """A browser was seen now."""
    transaction.connection.execute(
        "UPDATE seat SET seen_wall_ms = ? WHERE token_id = ?",
        (transaction.moment.time.wall_ms or 0, token_id),
    )


def delete_browser(transaction: Transaction, token_id: bytes) -> str:
    """A browser has no seat any more. Returns the one it had, or an empty text."""
    found = transaction.connection.execute(
        "DELETE FROM seat WHERE token_id = ? RETURNING name", (token_id,)
    ).fetchone()
    return str(found[0]) if found else ""


def delete(transaction: Transaction, name: str) -> bool:
    """A seat has no browser any more. Returns whether it had one."""
    return transaction.connection.execute("DELETE FROM seat WHERE name = ?", (name,)).rowcount > 0
