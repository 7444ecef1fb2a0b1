"""What is to be put on paper, and what became of it.

Life cycle: `edge_node/domain/printing.py` has the table; the functions here only store what it
allows. A job that may have been printed (`unknown`) is never queued again by software.
"""

import sqlite3
from typing import NamedTuple

from edge_node.domain.claim import Now
from edge_node.domain.printing import PrintState
from edge_node.store.unit_of_work import Transaction


class PrintJobRow(NamedTuple):
    """One job; `slip` is the JSON text the document is drawn from."""

    id: int
    kind: str
    role: str
    state: PrintState
    slip: str
    dossier_id: bytes | None
    ticket_id: int | None
    copy_of: int | None
    created_at: str
    changed_at: str
    failure: str


class NewPrintJob(NamedTuple):
    """A document to print: template `kind`, printer `role`, the facts to draw."""

    kind: str
    role: str
    slip: bytes
    dossier_id: bytes | None = None
    ticket_id: int | None = None
    copy_of: int | None = None


_QUEUED = PrintState.QUEUED.value
_COLUMNS = (
    "id, kind, role, state, slip, dossier_id, ticket_id, copy_of, created_at, changed_at, failure"
)


def _row(values: tuple[object, ...]) -> PrintJobRow:
    row = PrintJobRow(*values)  # type: ignore[arg-type]
    return row._replace(state=PrintState(row.state))


def insert(transaction: Transaction, job: NewPrintJob) -> None:
    """Queue a job; it is printed after the transaction is durable, or never."""
    text = transaction.moment.text
    transaction.insert(
        "INSERT INTO print_job (kind, role, state, slip, dossier_id, ticket_id, copy_of,"
        " created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.kind,
            job.role,
            _QUEUED,
            job.slip.decode(),
            job.dossier_id,
            job.ticket_id,
            job.copy_of,
            text,
            text,
        ),
    )


def newest_id(transaction: Transaction) -> int:
    """The id of the job that this transaction queued last."""
    row = transaction.connection.execute("SELECT last_insert_rowid()").fetchone()
    return int(row[0])


def next_queued(connection: sqlite3.Connection, role: str, now: Now) -> PrintJobRow | None:
    """The oldest queued job for a printer role that nothing holds back."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM print_job"  # noqa: S608 - column names are ours
        " WHERE role = ? AND state = 'queued' AND NOT EXISTS (SELECT 1 FROM print_hold"
        " WHERE job_id = print_job.id AND boot_id = ? AND until_mono_ms > ?) ORDER BY id LIMIT 1",
        (role, now.boot_id, now.mono_ms),
    ).fetchone()
    return _row(row) if row is not None else None


def in_flight(connection: sqlite3.Connection) -> list[PrintJobRow]:
    """Jobs whose outcome was not recorded: after a crash nobody knows whether they printed."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM print_job WHERE state = 'sent' ORDER BY id"  # noqa: S608
    )
    return [_row(row) for row in rows]


def failed_since(connection: sqlite3.Connection, role: str, oldest: str) -> list[PrintJobRow]:
    """Failed jobs of a role made after `oldest` (ISO 8601), oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM print_job"  # noqa: S608
        " WHERE role = ? AND state = 'failed' AND created_at >= ? ORDER BY id",
        (role, oldest),
    )
    return [_row(row) for row in rows]


def find(connection: sqlite3.Connection, job_id: int) -> PrintJobRow | None:
    """One job by id."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM print_job WHERE id = ?",  # noqa: S608
        (job_id,),
    ).fetchone()
    return _row(row) if row is not None else None


def set_state(transaction: Transaction, job_id: int, state: PrintState, failure: str = "") -> None:
    """Record what became of a job; the caller asked the table first."""
    transaction.connection.execute(
        "UPDATE print_job SET state = ?, failure = ?, changed_at = ? WHERE id = ?",
        (state.value, failure, transaction.moment.text, job_id),
    )


def of_dossier(connection: sqlite3.Connection, dossier_id: bytes) -> list[PrintJobRow]:
    """The jobs of one dossier, its tickets' included, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM print_job"  # noqa: S608
        " WHERE dossier_id = ?1 AND ticket_id IS NULL"
        f" UNION ALL SELECT {_COLUMNS} FROM print_job WHERE ticket_id IN"
        " (SELECT dossier.ticket_id FROM dossier WHERE dossier.id = ?1) ORDER BY 1",
        (dossier_id,),
    )
    return [_row(row) for row in rows]


def of_booking(connection: sqlite3.Connection, code: str, booked_for: str) -> PrintJobRow | None:
    """The newest slip of a booking; codes come again after years, so its time must be the same."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM print_job"  # noqa: S608
        " WHERE kind = 'booking_slip' AND json_extract(slip, '$.booking_code') = ?"
        " AND json_extract(slip, '$.booked_for') = ? ORDER BY id DESC LIMIT 1",
        (code, booked_for),
    ).fetchone()
    return _row(row) if row is not None else None


def of_ticket(
    connection: sqlite3.Connection, day: str, letter: str, number: int
) -> PrintJobRow | None:
    """The newest job of one ticket."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM print_job WHERE ticket_id ="  # noqa: S608
        " (SELECT id FROM ticket WHERE day = ? AND letter = ? AND number = ?)"
        " ORDER BY id DESC LIMIT 1",
        (day, letter, number),
    ).fetchone()
    return _row(row) if row is not None else None
