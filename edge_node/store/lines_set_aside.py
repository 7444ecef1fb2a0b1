"""Lines of the bank that somebody found to be none of our money.

Rules: an event and its row are written by one function, as in `payments`; no payment is read or
changed here, except to say that a line set aside has turned out to be somebody's.
"""

import sqlite3
from typing import Final, NamedTuple

from edge_node.domain.events import LineSetAside
from edge_node.domain.set_aside import line_id
from edge_node.store.unit_of_work import Cause, Transaction


class AsideRow(NamedTuple):
    """A line set aside: what, why, by whom; `dossier_no`: whose money it is known to be by now."""

    bank_transaction: str
    amount_vnd: int
    paid_at: str
    ground: str
    note: str
    officer_id: str
    counter: str
    decided_at: str
    dossier_no: str | None


_SELECT: Final = (
    "SELECT aside.bank_transaction, aside.amount_vnd, coalesce(word.paid_at, ''), aside.ground,"
    " aside.note, aside.officer_id, aside.counter, aside.decided_at, payment.dossier_no"
    " FROM line_set_aside AS aside"
    " LEFT JOIN payment_word AS word ON word.bank_transaction = aside.bank_transaction"
    " LEFT JOIN payment ON payment.reference = word.reference"
)


def version_of(connection: sqlite3.Connection, transaction: str) -> int:
    """How many decisions of this kind a line has had."""
    row = connection.execute(
        "SELECT version FROM line_set_aside WHERE bank_transaction = ?", (transaction,)
    ).fetchone()
    return int(row[0]) if row is not None else 0


def stands(connection: sqlite3.Connection, transaction: str) -> bool:
    """Whether a line is set aside now."""
    row = connection.execute(
        "SELECT 1 FROM line_set_aside WHERE bank_transaction = ? AND stands", (transaction,)
    ).fetchone()
    return row is not None


def record(transaction: Transaction, event: LineSetAside, eid: bytes) -> None:
    """Put a decision into the journal and the books."""
    version = version_of(transaction.connection, event.transaction) + 1
    transaction.record(event, Cause(eid, line_id(event.transaction), version))
    write(transaction, event, version)


def write(transaction: Transaction, event: LineSetAside, version: int) -> None:
    """Enter a decision, made now or come back from the city, unless a later one is here."""
    connection = transaction.connection
    if version_of(connection, event.transaction) >= version:
        return
    connection.execute(
        "INSERT OR REPLACE INTO line_set_aside (bank_transaction, version, stands, amount_vnd,"
        " ground, note, officer_id, counter, decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(event.transaction, version, int(event.decision == "set_aside")),
            *(event.line_amount_vnd, event.ground, event.note),
            *(event.officer, event.counter, event.decided_at),
        ),
    )


def newest(connection: sqlite3.Connection, most: int) -> list[AsideRow]:
    """Lines that are set aside, newest first, `most` at most."""
    rows = connection.execute(
        f"{_SELECT} WHERE aside.stands"
        " ORDER BY aside.decided_at DESC, aside.bank_transaction LIMIT ?",
        (most,),
    )
    return [AsideRow(*row) for row in rows]


def of_shift(connection: sqlite3.Connection, counter: str, since: str) -> list[AsideRow]:
    """Those that a counter set aside since a time (ISO 8601), oldest first."""
    rows = connection.execute(
        f"{_SELECT} WHERE aside.stands AND aside.counter = ? AND aside.decided_at >= ?"
        " ORDER BY aside.decided_at, aside.bank_transaction",
        (counter, since),
    )
    return [AsideRow(*row) for row in rows]
