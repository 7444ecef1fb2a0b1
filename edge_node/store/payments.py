"""Payments as their events made them, and what they stand at with the bank's lines.

Rules: an event and its rows are written by one function, so that replaying the journal gives the
same books; what a payment stands at is always made anew from its rows (`domain/ledger`). Nothing
is ever deleted here: a reference that was given out must not come again.
"""

import sqlite3
from collections.abc import Collection
from typing import Final, NamedTuple

import msgspec

from edge_node.domain import events, ledger
from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.events.payment import PaymentStep
from edge_node.domain.ledger import BankLine, Obligation, Standing
from edge_node.domain.payment import PaymentAction, PaymentState, apply_payment
from edge_node.store.unit_of_work import Cause, Transaction


class PaymentRow(NamedTuple):
    """One payment; `dossier_id` is None for a fine without a dossier here.

    `ended_version` is the version that the decision which ended it gave the dossier.
    """

    id: bytes
    version: int
    dossier_id: bytes | None
    dossier_no: str
    ledger: Ledger
    reference: str
    amount_vnd: int
    beneficiary: str
    basis: str
    reason: str
    base: PaymentState
    state: PaymentState
    settled: bool
    counter: str
    opened_at: str
    ended_at: str
    ended_version: int


class EntryRow(NamedTuple):
    """One thing people did about a payment; `cash_vnd` is what the drawer gained."""

    payment_id: bytes
    version: int
    type: str
    method: str
    cash_vnd: int
    given_vnd: int
    detail: str
    officer_id: str
    counter: str
    shift_id: bytes | None
    at: str


_COLUMNS: Final = (
    "id, version, dossier_id, dossier_no, ledger, reference, amount_vnd, beneficiary, basis,"
    " reason, base, state, settled, counter, opened_at, ended_at, ended_version"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM payment"  # noqa: S608 - column names are ours
_ENTRIES: Final = (
    "SELECT payment_id, version, type, method, cash_vnd, given_vnd, detail, officer_id, counter,"
    " shift_id, at FROM payment_entry"
)

_ACTIONS: Final[dict[type[PaymentStep], PaymentAction]] = {
    events.PaymentQrShown: PaymentAction.SHOW_QR,
    events.PaymentClaimed: PaymentAction.CLAIM,
    events.PaymentRetracted: PaymentAction.RETRACT,
    events.PaymentCash: PaymentAction.RECORD_ELSEWHERE,
    events.PaymentElsewhere: PaymentAction.RECORD_ELSEWHERE,
    events.PaymentWaived: PaymentAction.WAIVE,
}
_METHODS: Final[dict[type[PaymentStep], str]] = {
    events.PaymentCash: "cash",
    events.PaymentRefunded: "cash",
    events.PaymentWaived: "waived",
    events.PaymentQrShown: "transfer",
    events.PaymentClaimed: "transfer",
    events.PaymentRetracted: "transfer",
    events.BankLineDecided: "transfer",
}
_DETAILS: Final = ("evidence", "receipt_no", "ground", "reason", "transaction")
"""Fields of which an entry keeps the first that says something."""


def read_row(values: tuple[object, ...]) -> PaymentRow:
    """A row of `payment` with the columns of PaymentRow."""
    row = PaymentRow(*values)  # type: ignore[arg-type]
    return row._replace(
        ledger=Ledger(row.ledger),
        base=PaymentState(row.base),
        state=PaymentState(row.state),
        settled=bool(row.settled),
    )


def next_base(base: PaymentState, event: PaymentStep) -> PaymentState:
    """The state without the bank after an event. Raises DomainError(ACTION_NOT_ALLOWED)."""
    if isinstance(event, events.PaymentRefunded):
        action = PaymentAction.REFUND if event.done else PaymentAction.REQUIRE_REFUND
        return apply_payment(base, action)
    action_of = _ACTIONS.get(type(event))
    return base if action_of is None else apply_payment(base, action_of)


def record(
    transaction: Transaction, event: PaymentStep, payment_id: bytes, eid: bytes, version: int
) -> PaymentRow:
    """Put an event into the journal and the books. Raises DomainError(ACTION_NOT_ALLOWED)."""
    transaction.record(event, Cause(eid, payment_id, version))
    return write(transaction, event, payment_id, version)


def write(
    transaction: Transaction, event: PaymentStep, payment_id: bytes, version: int
) -> PaymentRow:
    """Enter an event, made now or come back from the city; what the payment stands at after it."""
    connection = transaction.connection
    if isinstance(event, events.PaymentDue):
        _open(connection, event, payment_id, version)
    else:
        row = required(connection, payment_id)
        connection.execute(
            "UPDATE payment SET version = ?, base = ?, ended_at = ?, ended_version = ?"
            " WHERE id = ?",
            (version, next_base(row.base, event).value, *_end(row, event), payment_id),
        )
    if isinstance(event, events.BankLineDecided):
        connection.execute(
            "INSERT OR REPLACE INTO bank_line (bank_transaction, payment_id, decision,"
            " officer_id, reason, decided_at) VALUES (?, ?, ?, ?, ?, ?)",
            (event.transaction, payment_id, event.decision, event.officer, event.reason,
             event.decided_at),
        )  # fmt: skip
    _insert_entry(connection, _entry(event, payment_id, version))
    return refresh(connection, payment_id)


def _end(row: PaymentRow, event: PaymentStep) -> tuple[str, int]:
    """When the debt ended and by which version of the dossier; empty and 0 while it stands."""
    if isinstance(event, events.PaymentEnded):
        return event.ended_at, event.dossier_version
    if isinstance(event, events.PaymentReopened):
        return "", 0
    return row.ended_at, row.ended_version


def _open(
    connection: sqlite3.Connection, event: events.PaymentDue, payment_id: bytes, version: int
) -> None:
    due = PaymentState.DUE.value
    connection.execute(
        "INSERT INTO payment (id, version, dossier_id, dossier_no, ledger, reference, amount_vnd,"
        " beneficiary, basis, reason, base, state, settled, counter, opened_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
        (
            payment_id,
            version,
            bytes.fromhex(event.dossier_id) or None,
            *(event.dossier_no, event.ledger, event.reference, event.amount_vnd),
            *(event.beneficiary, event.basis, event.reason, due, due),
            event.counter,
            event.opened_at,
        ),
    )


def _entry(event: PaymentStep, payment_id: bytes, version: int) -> EntryRow:
    said = msgspec.structs.asdict(event)
    cash = isinstance(event, events.PaymentCash)
    back = isinstance(event, events.PaymentRefunded) and event.done
    return EntryRow(
        payment_id=payment_id,
        version=version,
        type=str(event.__struct_config__.tag),
        method=str(said.get("method", "")) or _METHODS.get(type(event), ""),
        cash_vnd=event.amount_vnd if cash else -event.amount_vnd if back else 0,
        given_vnd=int(said.get("given_vnd", 0)),
        detail=next((str(said[name]) for name in _DETAILS if said.get(name)), ""),
        officer_id=event.officer,
        counter=event.counter,
        shift_id=bytes.fromhex(str(said.get("shift_id", ""))) or None,
        at=next(str(value) for name, value in said.items() if name.endswith("_at")),
    )


def _insert_entry(connection: sqlite3.Connection, entry: EntryRow) -> None:
    connection.execute(
        "INSERT INTO payment_entry (payment_id, version, type, method, cash_vnd, given_vnd, detail,"
        " officer_id, counter, shift_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        entry,
    )


def refresh(connection: sqlite3.Connection, payment_id: bytes) -> PaymentRow:
    """Make state and `settled` anew from everything that is known."""
    row = required(connection, payment_id)
    found = standing_of(connection, row)
    connection.execute(
        "UPDATE payment SET state = ?, settled = ? WHERE id = ?",
        (found.state.value, int(found.settled), payment_id),
    )
    return row._replace(state=found.state, settled=found.settled)


def standing_of(
    connection: sqlite3.Connection, row: PaymentRow, more: Collection[BankLine] = ()
) -> Standing:
    """What a payment stands at, with its bank lines; with `more`, what it would stand at."""
    heard = {line.transaction: line for line in (*more, *_lines(connection, row))}
    stated = {line.transaction for line in more}
    lines = [
        msgspec.structs.replace(line, on_statement=line.on_statement or name in stated)
        for name, line in heard.items()
    ]
    obligation = Obligation(
        amount_vnd=row.amount_vnd,
        beneficiary=row.beneficiary,
        base=row.base,
        ended_at=row.ended_at,
    )
    return ledger.standing(obligation, lines)


def _lines(connection: sqlite3.Connection, row: PaymentRow) -> list[BankLine]:
    """The bank's words under its reference or assigned to it, less those assigned elsewhere."""
    rows = connection.execute(
        "SELECT word.bank_transaction, word.amount_vnd, word.beneficiary, word.paid_at,"
        " coalesce(line.decision, ''), word.on_statement"
        " FROM payment_word AS word LEFT JOIN bank_line AS line"
        " ON line.bank_transaction = word.bank_transaction"
        " WHERE (word.reference = ?1 AND (line.payment_id IS NULL OR line.payment_id = ?2))"
        " OR word.bank_transaction IN"
        " (SELECT bank_transaction FROM bank_line WHERE payment_id = ?2)",
        (row.reference, row.id),
    )
    return [
        BankLine(
            transaction=v[0],
            amount_vnd=v[1],
            beneficiary=v[2],
            paid_at=v[3],
            decision=v[4],
            on_statement=bool(v[5]),
        )
        for v in rows
    ]


def find(connection: sqlite3.Connection, payment_id: bytes) -> PaymentRow | None:
    """One payment by id."""
    row = connection.execute(f"{_SELECT} WHERE id = ?", (payment_id,)).fetchone()
    return read_row(row) if row is not None else None


def required(connection: sqlite3.Connection, payment_id: bytes) -> PaymentRow:
    """One payment that is known to be there."""
    row = find(connection, payment_id)
    assert row is not None, "the payment of an event is there before the event"
    return row


def find_by_reference(connection: sqlite3.Connection, reference: str) -> PaymentRow | None:
    """The payment a reference was given to."""
    row = connection.execute(f"{_SELECT} WHERE reference = ?", (reference,)).fetchone()
    return read_row(row) if row is not None else None


def of_dossier(connection: sqlite3.Connection, dossier_id: bytes) -> list[PaymentRow]:
    """The payments of a dossier, fees before fines, oldest first."""
    rows = connection.execute(
        f"{_SELECT} WHERE dossier_id = ? ORDER BY ledger, opened_at, id", (dossier_id,)
    )
    return [read_row(row) for row in rows]


def in_states(
    connection: sqlite3.Connection, states: tuple[str, ...], most: int
) -> list[PaymentRow]:
    """Payments in one of these states, oldest first, `most` at most."""
    marks = ", ".join("?" * len(states))
    rows = connection.execute(
        f"{_SELECT} WHERE state IN ({marks}) ORDER BY opened_at, id LIMIT ?", (*states, most)
    )
    return [read_row(row) for row in rows]


def entries_of(connection: sqlite3.Connection, payment_id: bytes) -> list[EntryRow]:
    """What people did about a payment, oldest first."""
    rows = connection.execute(f"{_ENTRIES} WHERE payment_id = ? ORDER BY version", (payment_id,))
    return [EntryRow(*row) for row in rows]
