"""What the chief's panel counts, from the dossier table and from what the daemon wrote.

Rules: read-only, bounded by days; `hidden` are the procedures kept out of every statistic.
"""

import sqlite3
from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

from edge_node.domain.dossier import DossierState
from edge_node.domain.punctuality import Facts

MAXIMUM_DOSSIERS: Final = 5000
"""Due in one month at one station; a busy ward has a tenth."""

EPOCH: Final = date(1970, 1, 1)


def due_between(
    connection: sqlite3.Connection, first: str, last: str, hidden: Collection[str]
) -> list[Facts]:
    """Dossiers with a due date from the first to the last day (ISO), decided against excepted."""
    marks = ", ".join("?" * len(hidden))
    rows = connection.execute(
        "SELECT state, due_at, supplement_requests,"  # noqa: S608 - only question marks vary
        " (SELECT min(at) FROM city_fact WHERE city_fact.dossier_id = dossier.id"
        " AND type = 'result'),"
        " (SELECT min(handed_over_at) FROM result_hand_over"
        " WHERE result_hand_over.dossier_id = dossier.id)"
        " FROM dossier WHERE due_at <> '' AND due_at >= ? AND due_at < ?"
        " AND state NOT IN ('refused', 'withdrawn', 'stopped')"
        f" AND procedure_id NOT IN ({marks}) LIMIT ?",
        (first, f"{last}T99", *hidden, MAXIMUM_DOSSIERS),
    )
    return [
        Facts(DossierState(row[0]), _day(row[1]) or EPOCH, row[2], _day(row[3]), _day(row[4]))
        for row in rows
    ]


def days_with_contact(connection: sqlite3.Connection) -> set[date]:
    """Days (UTC) on which the city answered, of those the daemon remembers."""
    rows = connection.execute("SELECT day FROM link WHERE received_bytes > 0")
    return {EPOCH + timedelta(days=row[0]) for row in rows}


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso[:10]) if iso else None
