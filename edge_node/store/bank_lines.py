"""The bank's words that wait for a person, and the payments they belong to.

See `payments` for what a payment stands at; words themselves are kept by `inbox.add_payment`.
"""

import sqlite3
from typing import NamedTuple

from edge_node.store import payments
from edge_node.store.inbox import PaymentWord


class Decision(NamedTuple):
    """What was decided about a line, and for which payment it counts."""

    payment_id: bytes
    decision: str


def find_word(connection: sqlite3.Connection, transaction: str) -> PaymentWord | None:
    """The bank's word with this transaction."""
    row = connection.execute(
        "SELECT reference, bank_transaction, amount_vnd, paid_at, beneficiary FROM payment_word"
        " WHERE bank_transaction = ?",
        (transaction,),
    ).fetchone()
    return PaymentWord(*row) if row is not None else None


def decision_of(connection: sqlite3.Connection, transaction: str) -> Decision | None:
    """What a person decided about a transaction."""
    row = connection.execute(
        "SELECT payment_id, decision FROM bank_line WHERE bank_transaction = ?", (transaction,)
    ).fetchone()
    return Decision(*row) if row is not None else None


def unmatched(connection: sqlite3.Connection, most: int) -> list[PaymentWord]:
    """Words under a reference that this station never gave out, and that nobody has decided."""
    rows = connection.execute(
        "SELECT word.reference, word.bank_transaction, word.amount_vnd, word.paid_at,"
        " word.beneficiary FROM payment_word AS word"
        " LEFT JOIN payment ON payment.reference = word.reference"
        " LEFT JOIN bank_line ON bank_line.bank_transaction = word.bank_transaction"
        " WHERE payment.id IS NULL AND bank_line.payment_id IS NULL"
        " ORDER BY word.paid_at, word.bank_transaction LIMIT ?",
        (most,),
    )
    return [PaymentWord(*row) for row in rows]


def heard(connection: sqlite3.Connection, reference: str) -> payments.PaymentRow | None:
    """After a word came: the payment of its reference, made anew; None when it is not ours."""
    row = payments.find_by_reference(connection, reference)
    return payments.refresh(connection, row.id) if row is not None else None
