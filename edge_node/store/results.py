"""Results at the desk: which a counter has handed over, and which still wait for their owners."""

import sqlite3
from collections.abc import Collection
from typing import NamedTuple


class Waiting(NamedTuple):
    """Results that nobody has fetched: how many, and the oldest dossiers' numbers."""

    total: int
    numbers: tuple[str, ...]


def handed_over(
    connection: sqlite3.Connection, counter: str, since: str, hidden: Collection[str]
) -> tuple[str, ...]:
    """Numbers of the dossiers whose result a counter gave since a time (ISO 8601), in order."""
    marks = ", ".join("?" * len(hidden))
    rows = connection.execute(
        "SELECT number FROM result_hand_over"  # noqa: S608 - marks only
        " JOIN dossier ON dossier.id = result_hand_over.dossier_id"
        f" WHERE counter = ? AND handed_over_at >= ? AND procedure_id NOT IN ({marks})"
        " ORDER BY handed_over_at, number",
        (counter, since, *hidden),
    )
    return tuple(row[0] for row in rows)


def waiting(connection: sqlite3.Connection, hidden: Collection[str], most: int) -> Waiting:
    """What lies ready at the station, whichever counter it came to; the oldest `most` by number."""
    marks = ", ".join("?" * len(hidden))
    where = f"FROM dossier WHERE state = 'finished' AND procedure_id NOT IN ({marks})"
    asked = tuple(hidden)
    (total,) = connection.execute(f"SELECT count(*) {where}", asked).fetchone()
    rows = connection.execute(
        f"SELECT number {where} ORDER BY received_at, number LIMIT ?",
        (*asked, most),
    )
    return Waiting(total, tuple(row[0] for row in rows))
