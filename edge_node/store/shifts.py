"""Cash drawers: opened, counted, closed; and the figures of a shift.

Rules: one open shift of a counter; an event and its row are written by one function, as in
`payments`; the drawer's movement is the sum of its entries and nothing else.
"""

import sqlite3
from typing import Final, NamedTuple

import msgspec

from edge_node.domain.events import ShiftClosed, ShiftOpened
from edge_node.domain.events.payment import Till
from edge_node.store.payments import PaymentRow, read_row
from edge_node.store.unit_of_work import Cause, Transaction

_tills: Final = msgspec.json.Decoder(tuple[Till, ...])
_encoder: Final = msgspec.json.Encoder()


class ShiftRow(NamedTuple):
    """One shift; `closed` is empty and `closed_at` "" while it is open."""

    id: bytes
    counter: str
    officer_id: str
    opening: tuple[Till, ...]
    opened_at: str
    closed: tuple[Till, ...]
    explanation: str
    closed_at: str


_SELECT: Final = (
    "SELECT id, counter, officer_id, opening_tills, opened_at, closing_tills, explanation,"
    " closed_at FROM shift"
)


def _shift(values: tuple[str, ...]) -> ShiftRow:
    row = ShiftRow(*values)  # type: ignore[arg-type]
    closed = _tills.decode(values[5]) if values[5] else ()
    return row._replace(opening=_tills.decode(values[3]), closed=closed)


def record(transaction: Transaction, event: ShiftOpened | ShiftClosed, eid: bytes) -> None:
    """Put a shift's event into the journal and the books."""
    version = 1 if isinstance(event, ShiftOpened) else 2
    transaction.record(event, Cause(eid, bytes.fromhex(event.shift_id), version))
    write(transaction, event)


def write(transaction: Transaction, event: ShiftOpened | ShiftClosed) -> None:
    """Enter an event, made now or come back from the city."""
    shift_id, tills = bytes.fromhex(event.shift_id), _encoder.encode(event.tills).decode()
    if isinstance(event, ShiftOpened):
        transaction.connection.execute(
            "INSERT INTO shift (id, counter, officer_id, opening_tills, opened_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (shift_id, event.counter, event.officer, tills, event.opened_at),
        )
        return
    transaction.connection.execute(
        "UPDATE shift SET closing_tills = ?, explanation = ?, closed_at = ? WHERE id = ?",
        (tills, event.explanation, event.closed_at, shift_id),
    )


def find(connection: sqlite3.Connection, shift_id: bytes) -> ShiftRow | None:
    """One shift by id."""
    row = connection.execute(f"{_SELECT} WHERE id = ?", (shift_id,)).fetchone()
    return _shift(row) if row is not None else None


def open_at(connection: sqlite3.Connection, counter: str) -> ShiftRow | None:
    """The counter's open shift."""
    row = connection.execute(
        f"{_SELECT} WHERE counter = ? AND closed_at = ''", (counter,)
    ).fetchone()
    return _shift(row) if row is not None else None


def last_closed(connection: sqlite3.Connection, counter: str) -> ShiftRow | None:
    """The counter's newest closed shift: the next one starts from what it counted."""
    row = connection.execute(
        f"{_SELECT} WHERE counter = ? AND closed_at <> '' ORDER BY opened_at DESC LIMIT 1",
        (counter,),
    ).fetchone()
    return _shift(row) if row is not None else None


def moved(connection: sqlite3.Connection, shift_id: bytes) -> dict[str, int]:
    """What each ledger's cash of a shift gained, in đồng."""
    rows = connection.execute(
        "SELECT payment.ledger, sum(payment_entry.cash_vnd) FROM payment_entry"
        " JOIN payment ON payment.id = payment_entry.payment_id"
        " WHERE payment_entry.shift_id = ? GROUP BY payment.ledger",
        (shift_id,),
    )
    return dict(rows.fetchall())


def transfers(connection: sqlite3.Connection, counter: str, since: str) -> list[PaymentRow]:
    """Payments whose transfer this counter handled since a time (ISO 8601), oldest first."""
    columns = ", ".join(f"payment.{name}" for name in PaymentRow._fields)
    rows = connection.execute(
        f"SELECT {columns} FROM payment WHERE id IN"  # noqa: S608 - column names are ours
        " (SELECT payment_id FROM payment_entry WHERE counter = ? AND at >= ?"
        " AND method = 'transfer') ORDER BY opened_at, id",
        (counter, since),
    )
    return [read_row(row) for row in rows]


class Sum(NamedTuple):
    """How many payments, and of how much together (đồng)."""

    payments: int
    amount_vnd: int


def unstated(connection: sqlite3.Connection) -> dict[str, Sum]:
    """What the bank has confirmed and no statement has yet, by ledger."""
    rows = connection.execute(
        "SELECT ledger, count(*), sum(amount_vnd) FROM payment WHERE state = 'confirmed'"
        " GROUP BY ledger"
    )
    return {ledger: Sum(number, amount_vnd) for ledger, number, amount_vnd in rows}


def count_tickets(connection: sqlite3.Connection, day: str, counter: str) -> dict[str, int]:
    """How many of a day's numbers ended in each state at a counter."""
    rows = connection.execute(
        "SELECT state, count(*) FROM ticket WHERE day = ? AND counter = ? GROUP BY state",
        (day, counter),
    )
    return dict(rows.fetchall())


def count_received(connection: sqlite3.Connection, day: str, counter: str) -> int:
    """How many dossiers of numbers that a counter called on a day were received."""
    row = connection.execute(
        "SELECT count(*) FROM ticket JOIN dossier ON dossier.id = ticket.dossier_id"
        " WHERE ticket.day = ? AND ticket.counter = ? AND dossier.received_at <> ''",
        (day, counter),
    ).fetchone()
    return int(row[0])


def ticket_of(connection: sqlite3.Connection, dossier_id: bytes | None) -> str:
    """The number a dossier came with; empty when it has none."""
    row = connection.execute(
        "SELECT first_ticket FROM dossier WHERE id = ?", (dossier_id,)
    ).fetchone()
    return str(row[0]) if row is not None else ""


def count_unprinted(connection: sqlite3.Connection) -> int:
    """Papers that wait or failed."""
    row = connection.execute(
        "SELECT count(*) FROM print_job WHERE state IN ('queued', 'sent', 'failed')"
    ).fetchone()
    return int(row[0])
