"""The register of dossiers (form 07): what was received on some days."""

import sqlite3
from collections.abc import Collection
from typing import NamedTuple


class RegisterLine(NamedTuple):
    """One dossier of the register; times are ISO 8601, empty when it has not happened."""

    dossier_id: bytes
    number: str
    procedure_id: str
    full_name: str
    address: str
    phone: str
    state: str
    received_at: str
    due_at: str
    handed_over_at: str
    recipient: str


def between(
    connection: sqlite3.Connection, days: tuple[str, str], hidden: Collection[str], limit: int
) -> list[RegisterLine]:
    """Dossiers received from the first day to the last (ISO, inclusive), in that order."""
    marks = ", ".join("?" * len(hidden))
    rows = connection.execute(
        "SELECT dossier.id, number, procedure_id, full_name, address, phone, state,"  # noqa: S608
        " dossier.received_at, due_at, coalesce(handed_over_at, ''), coalesce(recipient, '')"
        " FROM dossier LEFT JOIN result_hand_over ON result_hand_over.dossier_id = dossier.id"
        " WHERE substr(dossier.received_at, 1, 10) BETWEEN ? AND ?"
        f" AND procedure_id NOT IN ({marks}) ORDER BY dossier.received_at, dossier.rowid LIMIT ?",
        (*days, *hidden, limit),
    )
    return [RegisterLine(*row) for row in rows]
