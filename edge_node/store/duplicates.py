"""Whether the same person has already filed the same thing."""

import sqlite3
from typing import Final, NamedTuple

from edge_node.domain.dossier import OPEN, DossierState
from edge_node.store.dossiers import DossierRow

LOOKED_THROUGH: Final = 20_000
"""Newest dossiers a duplicate is looked for in: months of a ward, some milliseconds."""

_OPEN: Final = ", ".join(f"'{state.value}'" for state in sorted(OPEN))
_DONE_TODAY: Final = ", ".join(
    f"'{state.value}'" for state in (DossierState.FINISHED, DossierState.HANDED_OVER)
)


class Duplicate(NamedTuple):
    """Another dossier of the same person and procedure, still open or of the same day."""

    dossier_id: bytes
    number: str
    submitted_at: str
    state: str


def find(connection: sqlite3.Connection, row: DossierRow, day: str) -> Duplicate | None:
    """The newest other one; a person without a number has none."""
    number = row.applicant.id_number
    if not number:
        return None
    found = connection.execute(
        "SELECT id, number, submitted_at, state FROM dossier"  # noqa: S608 - states are ours
        " WHERE rowid > (SELECT max(rowid) FROM dossier) - ? AND id_number = ?"
        " AND procedure_id = ? AND id <> ?"
        f" AND (state IN ({_OPEN}) OR state IN ({_DONE_TODAY}) AND submitted_at >= ?)"
        " ORDER BY rowid DESC LIMIT 1",
        (LOOKED_THROUGH, number, row.procedure_id, row.id, day),
    ).fetchone()
    return Duplicate(*found) if found is not None else None
