"""Which dossiers have something that the city does not hold yet."""

import sqlite3
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sync.journal.withheld import withheld_here


class UnsentRow(NamedTuple):
    """A dossier that waits: `records` of it the city does not hold, `withheld` it cannot read."""

    id: bytes
    number: str
    procedure_id: str
    state: str
    records: int
    withheld: int


def dossiers(
    connection: sqlite3.Connection,
    acked: Mapping[bytes, int],
    leaves_alone: Mapping[bytes, Collection[int]],
    limit: int,
) -> list[UnsentRow]:
    """Those with records that are withheld or beyond the mark of their log, oldest first."""
    unread: dict[bytes, int] = {}
    for one in withheld_here(connection, leaves_alone):
        if one.subject is not None:
            unread[one.subject] = unread.get(one.subject, 0) + 1
    found = dict(unread)
    logs = connection.execute("SELECT number, lid FROM log WHERE state <> 'abandoned'").fetchall()
    for number, lid in logs:
        rows = connection.execute(
            "SELECT subject, count(*) FROM record WHERE log_number = ? AND sequence >= ?"
            " AND subject IS NOT NULL GROUP BY subject ORDER BY min(sequence) LIMIT ?",
            (number, acked.get(lid, 0), limit),
        )
        for subject, count in rows:
            found[subject] = found.get(subject, 0) + count
    lines = [
        _line(connection, subject, count, unread.get(subject, 0))
        for subject, count in list(found.items())[:limit]
    ]
    return [line for line in lines if line is not None]


def _line(
    connection: sqlite3.Connection, subject: bytes, records: int, withheld: int
) -> UnsentRow | None:
    row = connection.execute(
        "SELECT id, number, procedure_id, state FROM dossier WHERE id = ?", (subject,)
    ).fetchone()
    return UnsentRow(row[0], row[1], row[2], row[3], records, withheld) if row is not None else None
