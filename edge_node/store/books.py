"""Events of money that came back from the city, into the books they once filled.

Rules: what is here already is left alone; an event older than what is known changes nothing; a gap
waits for nobody, because a payment's first event makes its row and each later one stands alone.
"""

from edge_node.domain.errors import DomainError
from edge_node.domain.events import (
    LineSetAside,
    PaymentDue,
    ShiftClosed,
    ShiftOpened,
    StatementTaken,
)
from edge_node.domain.events.payment import PaymentEvent, PaymentStep
from edge_node.store import bank_lines, lines_set_aside, payments, shifts
from edge_node.store.unit_of_work import Transaction


def enter_again(
    transaction: Transaction, event: PaymentEvent, subject: bytes | None, version: int
) -> None:
    """One event of a payment, a shift, a statement or a line, unless it is here already."""
    if subject is None:
        return
    if isinstance(event, StatementTaken):
        bank_lines.state(transaction, event)
        return
    if isinstance(event, LineSetAside):
        lines_set_aside.write(transaction, event, version)
        return
    if isinstance(event, ShiftOpened | ShiftClosed):
        _shift(transaction, event, subject)
        return
    _payment(transaction, event, subject, version)


def _payment(transaction: Transaction, event: PaymentStep, subject: bytes, version: int) -> None:
    row = payments.find(transaction.connection, subject)
    if isinstance(event, PaymentDue):
        taken = payments.find_by_reference(transaction.connection, event.reference)
        if row is None and taken is None:
            payments.write(transaction, event, subject, version)
    elif row is not None and row.version < version:
        try:
            payments.write(transaction, event, subject, version)
        except DomainError:
            return  # what happened here meanwhile stands; the journal has both


def _shift(transaction: Transaction, event: ShiftOpened | ShiftClosed, shift_id: bytes) -> None:
    connection = transaction.connection
    known = shifts.find(connection, shift_id)
    if isinstance(event, ShiftOpened):
        if known is None and shifts.open_at(connection, event.counter) is None:
            shifts.write(transaction, event)
    elif known is not None and not known.closed_at:
        shifts.write(transaction, event)
