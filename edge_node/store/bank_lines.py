"""The bank's words that wait for a person, and the payments they belong to.

See `payments` for what a payment stands at; words themselves are kept by `inbox.add_payment`.
"""

import sqlite3
from typing import NamedTuple

from edge_node.domain.events import StatementTaken
from edge_node.domain.events.payment import StatedLine
from edge_node.store import payments
from edge_node.store.inbox import PaymentWord
from edge_node.store.unit_of_work import Transaction


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


def is_from_city(connection: sqlite3.Connection, transaction: str) -> bool:
    """Whether the city has told of a transaction, not only a statement."""
    row = connection.execute(
        "SELECT 1 FROM payment_word WHERE bank_transaction = ? AND from_city", (transaction,)
    ).fetchone()
    return row is not None


def is_on_statement(connection: sqlite3.Connection, transaction: str) -> bool:
    """Whether a statement that was taken has a transaction."""
    row = connection.execute(
        "SELECT 1 FROM payment_word WHERE bank_transaction = ? AND on_statement", (transaction,)
    ).fetchone()
    return row is not None


def agrees(known: PaymentWord | None, told: PaymentWord) -> bool:
    """Whether a statement's line fits what is known of its transaction; it may tell less."""
    if known is None:
        return True
    same = told.reference in ("", known.reference) or not known.reference
    return same and known.amount_vnd == told.amount_vnd


def put_on_statement(transaction: Transaction, told: PaymentWord) -> None:
    """A statement has this line; what the city said of the same transaction stands."""
    connection = transaction.connection
    changed = connection.execute(
        "UPDATE payment_word SET on_statement = 1 WHERE bank_transaction = ?",
        (told.bank_transaction,),
    )
    if not changed.rowcount:
        connection.execute(
            "INSERT INTO payment_word (reference, bank_transaction, amount_vnd, paid_at,"
            " beneficiary, from_city, on_statement) VALUES (?, ?, ?, ?, ?, 0, 1)",
            told,
        )


def state(transaction: Transaction, event: StatementTaken) -> None:
    """A statement that was taken before and came back from the city."""
    for line in event.lines:
        told = word_of(line)
        known = find_word(transaction.connection, told.bank_transaction)
        if agrees(known, told):
            put_on_statement(transaction, told)
            heard(transaction.connection, known or told)


def word_of(line: StatedLine) -> PaymentWord:
    """A line of an event as a word of the bank."""
    return PaymentWord(
        line.reference, line.transaction, line.amount_vnd, line.paid_at, line.beneficiary
    )


def owner(connection: sqlite3.Connection, word: PaymentWord) -> payments.PaymentRow | None:
    """The payment a word counts for: a person's decision, else its reference's; None: nobody's."""
    decided = decision_of(connection, word.bank_transaction)
    if decided is not None:
        return payments.find(connection, decided.payment_id)
    return payments.find_by_reference(connection, word.reference) if word.reference else None


def decision_of(connection: sqlite3.Connection, transaction: str) -> Decision | None:
    """What a person decided about a transaction."""
    row = connection.execute(
        "SELECT payment_id, decision FROM bank_line WHERE bank_transaction = ?", (transaction,)
    ).fetchone()
    return Decision(*row) if row is not None else None


def unmatched(connection: sqlite3.Connection, most: int) -> list[PaymentWord]:
    """Words under a reference that this station never gave out, and that nobody has decided.

    What somebody set aside is decided too.
    """
    rows = connection.execute(
        "SELECT word.reference, word.bank_transaction, word.amount_vnd, word.paid_at,"
        " word.beneficiary FROM payment_word AS word"
        " LEFT JOIN payment ON payment.reference = word.reference"
        " LEFT JOIN bank_line ON bank_line.bank_transaction = word.bank_transaction"
        " WHERE payment.id IS NULL AND bank_line.payment_id IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM line_set_aside AS aside"
        " WHERE aside.bank_transaction = word.bank_transaction AND aside.stands)"
        " ORDER BY word.paid_at, word.bank_transaction LIMIT ?",
        (most,),
    )
    return [PaymentWord(*row) for row in rows]


def heard(connection: sqlite3.Connection, word: PaymentWord) -> payments.PaymentRow | None:
    """After a word came: the payment it counts for, made anew; None when it is not ours."""
    row = owner(connection, word)
    return payments.refresh(connection, row.id) if row is not None else None
