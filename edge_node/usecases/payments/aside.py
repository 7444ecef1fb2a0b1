"""Lines of the bank that are not our money: set aside with a reason, listed, taken back.

Rules: only a line that nobody's payment claims can be set aside, and setting aside touches no
payment; it leaves the inbox and stays listed with who, when and why; taking it back puts it into
the inbox again; each is one event of the journal. A reference that the city tells later stands
above it.
"""

from typing import Literal

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import LineSetAside
from edge_node.domain.set_aside import ground_of
from edge_node.store import bank_lines, lines_set_aside
from edge_node.store.inbox import PaymentWord
from edge_node.store.lines_set_aside import AsideRow
from edge_node.store.unit_of_work import Connection, Transaction
from edge_node.usecases.payments.acting import Actor, once, reason_of, text_of
from edge_node.usecases.payments.views import MAXIMUM_INBOX_LINES
from edge_node.usecases.station import Station
from sync.protocol.record import command_id


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """A reason of the catalogue, or OTHER with a note."""

    reason: str
    note: str = ""


class Set(msgspec.Struct, frozen=True, kw_only=True):
    """Where a line stands now."""

    transaction: str
    aside: bool


async def set_aside(station: Station, actor: Actor, transaction_no: str, why: Why) -> Set:
    """A line is none of our money. Errors: reason_missing, payment_unknown, line_not_free."""
    note = text_of(why.note)
    ground = ground_of(station.money.line_reasons, why.reason, note)

    def work(transaction: Transaction) -> Set:
        word = _known(transaction.connection, transaction_no)
        _require_free(transaction.connection, word)
        said = why.reason, ground, note
        _decide(transaction, actor, word, "set_aside", said)
        return Set(transaction=transaction_no, aside=True)

    what = ("set aside", transaction_no, why.reason, note)
    return await once(station, actor, what, Set, work)


async def take_back(station: Station, actor: Actor, transaction_no: str, reason: str) -> Set:
    """It goes back into the inbox. Errors: reason_missing, payment_unknown, line_not_free."""
    note = reason_of(reason)

    def work(transaction: Transaction) -> Set:
        word = _known(transaction.connection, transaction_no)
        if not lines_set_aside.stands(transaction.connection, transaction_no):
            raise DomainError(ErrorCode.LINE_NOT_FREE)
        _decide(transaction, actor, word, "taken_back", ("", "", note))
        return Set(transaction=transaction_no, aside=False)

    return await once(station, actor, ("take back", transaction_no, note), Set, work)


async def listed(station: Station) -> list[AsideRow]:
    """The lines that are set aside, newest first."""
    return await station.store.read(lambda c: lines_set_aside.newest(c, MAXIMUM_INBOX_LINES))


def _known(connection: Connection, transaction_no: str) -> PaymentWord:
    word = bank_lines.find_word(connection, transaction_no)
    if word is None:
        raise DomainError(ErrorCode.PAYMENT_UNKNOWN)
    return word


def _require_free(connection: Connection, word: PaymentWord) -> None:
    """No payment's by its reference, no person's by a decision, and not set aside."""
    owned = bank_lines.owner(connection, word) is not None
    if owned or lines_set_aside.stands(connection, word.bank_transaction):
        raise DomainError(ErrorCode.LINE_NOT_FREE)


def _decide(
    transaction: Transaction,
    actor: Actor,
    word: PaymentWord,
    decision: Literal["set_aside", "taken_back"],
    said: tuple[str, str, str],
) -> None:
    reason, ground, note = said
    event = LineSetAside(
        transaction=word.bank_transaction,
        line_amount_vnd=word.amount_vnd,
        decision=decision,
        reason=reason,
        ground=ground,
        note=note,
        officer=actor.officer,
        counter=actor.counter,
        decided_at=transaction.moment.text,
    )
    lines_set_aside.record(transaction, event, command_id(f"payment:{actor.key}"))
