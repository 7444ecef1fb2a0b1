"""What stood before a dossier's last decision, and the papers held back meanwhile."""

import sqlite3
from typing import NamedTuple

import msgspec

from edge_node.domain.claim import Now
from edge_node.domain.dossier import DossierState
from edge_node.domain.printing import PrintState
from edge_node.domain.undo import Undoable
from edge_node.store.dossiers import DossierRow
from edge_node.store.unit_of_work import Transaction
from sync.journal.journal import Position

_json = msgspec.json.Encoder()
_documents = msgspec.json.Decoder(dict[str, bool])


class Before(NamedTuple):
    """The dossier as it was before a decision; papers from `first_job` on are the decision's."""

    undoable: Undoable
    type: str
    state: DossierState
    documents: dict[str, bool]
    received_at: str
    due_at: str
    supplement_requests: int
    first_job: int


class Decided(NamedTuple):
    """A decision just stored: its version, its event's type, its first paper, its window."""

    version: int
    type: str
    first_job: int
    until: Now


def remember(transaction: Transaction, row: DossierRow, decided: Decided) -> None:
    """Keep `row` as it was before the decision; an earlier one can no longer be taken back."""
    transaction.connection.execute(
        "INSERT OR REPLACE INTO undoable (dossier_id, version, boot_id, until_mono_ms, type, state,"
        " documents, received_at, due_at, supplement_requests, first_job)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.id,
            decided.version,
            *decided.until,
            decided.type,
            row.state.value,
            _json.encode(row.documents).decode(),
            row.received_at,
            row.due_at,
            row.supplement_requests,
            decided.first_job,
        ),
    )


def find(connection: sqlite3.Connection, dossier_id: bytes) -> Before | None:
    """What stood before the last decision, if it is remembered."""
    row = connection.execute(
        "SELECT version, boot_id, until_mono_ms, type, state, documents, received_at, due_at,"
        " supplement_requests, first_job FROM undoable WHERE dossier_id = ?",
        (dossier_id,),
    ).fetchone()
    if row is None:
        return None
    last, documents = Undoable(*row[:3]), _documents.decode(row[5])
    return Before(last, row[3], DossierState(row[4]), documents, *row[6:])


def put_back(transaction: Transaction, dossier_id: bytes, before: Before, at: Position) -> None:
    """The dossier stands again as before; its version has grown, its event stands `at`."""
    transaction.connection.execute(
        "UPDATE dossier SET state = ?, version = ?, documents = ?, received_at = ?, due_at = ?,"
        " supplement_requests = ?, log_number = ?, last_sequence = ? WHERE id = ?",
        (
            before.state.value,
            before.undoable.version + 1,
            _json.encode(before.documents).decode(),
            before.received_at,
            before.due_at,
            before.supplement_requests,
            at.log_number,
            at.sequence,
            dossier_id,
        ),
    )
    forget(transaction, dossier_id)


def forget(transaction: Transaction, dossier_id: bytes) -> None:
    """Nothing can be taken back any more."""
    transaction.connection.execute("DELETE FROM undoable WHERE dossier_id = ?", (dossier_id,))


def last_job(connection: sqlite3.Connection) -> int:
    """The number of the newest print job; 0 when there is none."""
    row = connection.execute("SELECT max(id) FROM print_job").fetchone()
    return int(row[0] or 0)


def jobs_from(
    connection: sqlite3.Connection, dossier_id: bytes, first: int
) -> list[tuple[int, PrintState]]:
    """The dossier's own papers from a number on, copies for others left out."""
    rows = connection.execute(
        "SELECT id, state FROM print_job WHERE dossier_id = ? AND ticket_id IS NULL AND id >= ?",
        (dossier_id, first),
    )
    return [(row[0], PrintState(row[1])) for row in rows]


def hold(transaction: Transaction, dossier_id: bytes, first: int, until: Now) -> None:
    """Keep the dossier's papers from `first` on from the printer until then."""
    transaction.connection.execute(
        "INSERT INTO print_hold (job_id, boot_id, until_mono_ms)"
        " SELECT id, ?, ? FROM print_job WHERE dossier_id = ? AND ticket_id IS NULL AND id >= ?",
        (*until, dossier_id, first),
    )


def release(transaction: Transaction, dossier_id: bytes) -> None:
    """The dossier's papers may be printed now."""
    transaction.connection.execute(
        "DELETE FROM print_hold WHERE job_id IN (SELECT id FROM print_job WHERE dossier_id = ?)",
        (dossier_id,),
    )


def next_release_ms(connection: sqlite3.Connection, role: str, now: Now) -> int | None:
    """In how many ms the next held paper of a printer role may be printed; None when none waits."""
    row = connection.execute(
        "SELECT min(until_mono_ms) FROM print_hold JOIN print_job ON print_job.id = job_id"
        " WHERE role = ? AND state = 'queued' AND boot_id = ? AND until_mono_ms > ?",
        (role, now.boot_id, now.mono_ms),
    ).fetchone()
    return row[0] - now.mono_ms if row[0] is not None else None
