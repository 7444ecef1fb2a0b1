"""Which dossiers have something that no receipt of the city covers yet."""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple


class UnsentRow(NamedTuple):
    """A dossier that waits; `records` of it are not held by the city."""

    id: bytes
    number: str
    procedure_id: str
    state: str
    records: int


def dossiers(
    connection: sqlite3.Connection, acked: Mapping[bytes, int], limit: int
) -> list[UnsentRow]:
    """Dossiers with records at or beyond the mark of their log, those waiting longest first."""
    found: dict[bytes, int] = {}
    logs = connection.execute("SELECT number, lid FROM log WHERE state <> 'abandoned'").fetchall()
    for number, lid in logs:
        rows = connection.execute(
            "SELECT subject, count(*) FROM record WHERE log_number = ? AND sequence >= ?"
            " AND subject IS NOT NULL GROUP BY subject ORDER BY min(sequence) LIMIT ?",
            (number, acked.get(lid, 0), limit),
        )
        for subject, count in rows:
            found[subject] = found.get(subject, 0) + count
    lines = [_line(connection, subject, count) for subject, count in list(found.items())[:limit]]
    return [line for line in lines if line is not None]


def _line(connection: sqlite3.Connection, subject: bytes, count: int) -> UnsentRow | None:
    row = connection.execute(
        "SELECT id, number, procedure_id, state FROM dossier WHERE id = ?", (subject,)
    ).fetchone()
    return UnsentRow(row[0], row[1], row[2], row[3], count) if row is not None else None
