"""What visitors leave at a kiosk besides dossiers: ways back, ratings, calls for staff."""

import sqlite3
from typing import NamedTuple

from edge_node.store.unit_of_work import Transaction


class StaffCallRow(NamedTuple):
    """Somebody at a kiosk who asked for a person; `outcome` is empty while nobody has come."""

    id: int
    called_at: str
    outcome: str


def save_draft_key(transaction: Transaction, key_id: bytes, sealed: bytes) -> None:
    """Store or replace a way back to a draft."""
    transaction.connection.execute(
        "INSERT INTO draft_key (id, sealed, made_wall_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed,"
        " made_wall_ms = excluded.made_wall_ms",
        (key_id, sealed, transaction.moment.time.wall_ms or 0),
    )


def find_draft_key(connection: sqlite3.Connection, key_id: bytes) -> bytes | None:
    """The sealed secret of a draft."""
    row = connection.execute("SELECT sealed FROM draft_key WHERE id = ?", (key_id,)).fetchone()
    return row[0] if row is not None else None


def delete_draft_keys(transaction: Transaction, before_wall_ms: int) -> None:
    """Forget the ways back that were made before a time."""
    transaction.connection.execute(
        "DELETE FROM draft_key WHERE made_wall_ms < ?", (before_wall_ms,)
    )


def insert_rating(transaction: Transaction, key: str, score: str) -> bool:
    """Whether the rating is new; the same key counts once."""
    cursor = transaction.connection.execute(
        "INSERT OR IGNORE INTO rating (key, day, score) VALUES (?, ?, ?)",
        (key, transaction.moment.day, score),
    )
    return cursor.rowcount == 1


def count_ratings(connection: sqlite3.Connection, day: str) -> dict[tuple[str, str], int]:
    """(score, reason) → how many said so on a day."""
    rows = connection.execute(
        "SELECT score, reason, count(*) FROM rating WHERE day = ? GROUP BY score, reason", (day,)
    )
    return {(score, reason): int(number) for score, reason, number in rows}


def insert_staff_call(transaction: Transaction, key: str) -> int | None:
    """The number of a new call; None when this key has called before."""
    cursor = transaction.connection.execute(
        "INSERT OR IGNORE INTO staff_call (key, called_at) VALUES (?, ?)",
        (key, transaction.moment.text),
    )
    return cursor.lastrowid if cursor.rowcount == 1 else None


def find_staff_call(connection: sqlite3.Connection, key: str) -> StaffCallRow | None:
    """The call of a key."""
    row = connection.execute(
        "SELECT id, called_at, outcome FROM staff_call WHERE key = ?", (key,)
    ).fetchone()
    return StaffCallRow(*row) if row is not None else None


def open_staff_calls(connection: sqlite3.Connection, since: str) -> list[StaffCallRow]:
    """Calls nobody has answered, oldest first, made at `since` or later."""
    rows = connection.execute(
        "SELECT id, called_at, outcome FROM staff_call"
        " WHERE outcome = '' AND called_at >= ? ORDER BY id",
        (since,),
    )
    return [StaffCallRow(*row) for row in rows]


def end_staff_call(transaction: Transaction, call_id: int, outcome: str) -> bool:
    """Whether the call was open until now."""
    cursor = transaction.connection.execute(
        "UPDATE staff_call SET outcome = ?, ended_at = ? WHERE id = ? AND outcome = ''",
        (outcome, transaction.moment.text, call_id),
    )
    return cursor.rowcount == 1


def ticket_id(connection: sqlite3.Connection, day: str, letter: str, number: int) -> int | None:
    """The row of a number given out on a day."""
    row = connection.execute(
        "SELECT id FROM ticket WHERE day = ? AND letter = ? AND number = ?", (day, letter, number)
    ).fetchone()
    return int(row[0]) if row is not None else None


def explain_rating(transaction: Transaction, key: str, reason: str) -> str:
    """Add the reason to a rating that has none; the score it goes with, "" if there is no such."""
    row = transaction.connection.execute(
        "UPDATE rating SET reason = ? WHERE key = ? AND reason = '' RETURNING score", (reason, key)
    ).fetchone()
    return str(row[0]) if row is not None else ""
