"""What the counter had when the city's word said otherwise, until an officer has chosen."""

import sqlite3
from typing import NamedTuple

from edge_node.domain.dossier import DossierState
from edge_node.store.inbox import Fact
from edge_node.store.unit_of_work import Transaction


class Conflict(NamedTuple):
    """Both sides of a difference; `choice` is empty until somebody has chosen."""

    fid: bytes
    sequence: int
    dossier_id: bytes
    counter_state: DossierState
    counter_due_at: str
    counter_version: int
    city_state: DossierState
    city_text: str
    city_at: str
    city_due_at: str
    noted_at: str
    choice: str
    reason: str
    officer_id: str
    resolved_at: str


class Counterpart(NamedTuple):
    """What the counter had: state, date promised, version."""

    state: DossierState
    due_at: str
    version: int


def add(transaction: Transaction, fact: Fact, ours: Counterpart) -> None:
    """Keep the counter's side of a difference; the same word again changes nothing."""
    transaction.connection.execute(
        "INSERT OR IGNORE INTO city_conflict (fid, sequence, dossier_id, counter_state,"
        " counter_due_at, counter_version, city_state, noted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            fact.fid,
            fact.sequence,
            fact.dossier_id,
            ours.state.value,
            ours.due_at,
            ours.version,
            fact.state,
            transaction.moment.text,
        ),
    )


def of_dossier(connection: sqlite3.Connection, dossier_id: bytes) -> list[Conflict]:
    """Every difference about a dossier, oldest first."""
    rows = connection.execute(
        "SELECT fid, sequence, city_conflict.dossier_id, counter_state, counter_due_at,"
        " counter_version, city_state, coalesce(city_fact.text, ''), coalesce(city_fact.at, ''),"
        " coalesce(city_fact.due_at, ''), noted_at, choice, reason, officer_id, resolved_at"
        " FROM city_conflict LEFT JOIN city_fact USING (fid, sequence)"
        " WHERE city_conflict.dossier_id = ? ORDER BY fid, sequence",
        (dossier_id,),
    )
    return [
        Conflict(*row)._replace(counter_state=DossierState(row[3]), city_state=DossierState(row[6]))
        for row in rows
    ]


def count_open(connection: sqlite3.Connection) -> int:
    """How many differences nobody has settled."""
    row = connection.execute("SELECT count(*) FROM city_conflict WHERE choice = ''").fetchone()
    return int(row[0])
