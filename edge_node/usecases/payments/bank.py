"""What the bank said, through the city or a statement, and what people decide where it misfits.

Rules: a word counts once by the bank's own transaction, in any order, before or after anything a
person did; what fits confirms by itself, what does not is decided by a person with a reason; a
word under a reference nobody knows waits in the inbox until somebody finds out whose it is.
"""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import BankLineDecided
from edge_node.domain.events.payment import PaymentStep
from edge_node.domain.ledger import standing_step
from edge_node.domain.payment import PaymentState
from edge_node.store import bank_lines, customer_screens, inbox, lines_set_aside, payments
from edge_node.store.inbox import PaymentWord
from edge_node.store.payments import PaymentRow
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.payments.acting import Actor, Deed, Stood, act, facts_of, reason_of
from edge_node.usecases.payments.settling import settled
from edge_node.usecases.station import Station

ACCEPTABLE: Final = frozenset({PaymentState.MISMATCH, PaymentState.LATE})
Decision = Literal["accept", "refund_due", "refunded"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the bank's lines is meant, and what is decided of it."""

    transaction: str
    decision: Decision
    reason: str


def hear(
    station: Station, transaction: Transaction, word: PaymentWord, *, on_statement: bool = False
) -> bytes | None:
    """A word the city passed on takes effect; the dossier it concerns, if it is one of ours."""

    def enter() -> None:
        inbox.add_payment(transaction, word)
        if on_statement:
            bank_lines.put_on_statement(transaction, word)

    return _heard(station, transaction, word, enter)


def state(station: Station, transaction: Transaction, told: PaymentWord) -> bytes | None:
    """As `hear`, for a line of the bank's statement that agrees with what is known."""
    known = bank_lines.find_word(transaction.connection, told.bank_transaction)
    return _heard(
        station,
        transaction,
        known or told,
        lambda: bank_lines.put_on_statement(transaction, told),
    )


def _heard(
    station: Station, transaction: Transaction, word: PaymentWord, enter: Callable[[], None]
) -> bytes | None:
    before = bank_lines.owner(transaction.connection, word)
    enter()
    after = bank_lines.heard(transaction.connection, word)
    if before is None or after is None:
        return None
    if (before.state, before.settled) != (after.state, after.settled):
        customer_screens.touch(transaction, after.id)
    if after.settled and not before.settled:
        settled(station, transaction, after)
    return after.dossier_id


async def decide(station: Station, actor: Actor, payment_id: str, line: Line) -> Stood:
    """Decide about money that does not fit; a stranger's line is given to this payment.

    Errors: reason_missing, action_not_allowed, payment_unknown, line_not_free.
    """
    reason = reason_of(line.reason)

    def make(transaction: Transaction, row: PaymentRow) -> PaymentStep:
        word = bank_lines.find_word(transaction.connection, line.transaction)
        if word is None:
            raise DomainError(ErrorCode.PAYMENT_UNKNOWN)
        _check(transaction, row, word, line.decision)
        said = {
            "transaction": word.bank_transaction,
            "line_amount_vnd": word.amount_vnd,
            "decision": line.decision,
            "reason": reason,
            "decided_at": transaction.moment.text,
        }
        return msgspec.convert({**facts_of(row, actor), **said}, BankLineDecided)

    what = ("line", line.transaction, line.decision, reason)
    return await act(station, actor, Deed(payment_id, what, make))


def _check(transaction: Transaction, row: PaymentRow, word: PaymentWord, wanted: Decision) -> None:
    """The line is this payment's or nobody's, and the ladder has this step for it."""
    if lines_set_aside.stands(transaction.connection, word.bank_transaction):
        raise DomainError(ErrorCode.LINE_NOT_FREE)
    decided = bank_lines.decision_of(transaction.connection, word.bank_transaction)
    owner = payments.find_by_reference(transaction.connection, word.reference)
    mine = decided is not None and decided.payment_id == row.id
    free = decided is None and (owner is None or owner.id == row.id)
    if not (mine or free):
        raise DomainError(ErrorCode.PAYMENT_UNKNOWN)
    for one in payments.standing_of(transaction.connection, row).lines:
        if one.line.transaction == word.bank_transaction:
            standing_step(one.state, wanted)
            return
    # Nobody knew whose money it is: it counts for this payment, or goes back to who sent it.
    if wanted == "refunded":
        standing_step(PaymentState.CLAIMED, wanted)
