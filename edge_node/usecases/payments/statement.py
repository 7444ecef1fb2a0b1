"""The bank's statement of the day: looked at, then taken line by line into the books.

Rules: looking changes nothing; a line is matched as the bank's words are (`bank`, `domain/ledger`)
and counts once by its transaction, so that the same statement again, or one that overlaps, adds
only what is new; a line that contradicts what is known is refused and stays on the screen; nothing
of a line's text but our own reference is kept. A long statement is taken in parts, each whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from edge_node.domain.bank_statement import (
    RefusedLine,
    StatementForm,
    StatementLine,
    read_statement,
)
from edge_node.domain.events import StatementTaken
from edge_node.domain.events.payment import StatedLine
from edge_node.domain.ledger import UNDECIDED, BankLine
from edge_node.domain.payment import PaymentState
from edge_node.store import bank_lines, payments
from edge_node.store.inbox import PaymentWord
from edge_node.store.payments import PaymentRow
from edge_node.store.unit_of_work import Cause, Connection, Transaction
from edge_node.usecases.payments import bank
from edge_node.usecases.payments.acting import Actor, once
from edge_node.usecases.payments.views import trouble
from edge_node.usecases.station import Station
from sync.protocol.record import command_id

LINES_AT_ONCE: Final = 100
"""Of one transaction and one record."""

Outcome = Literal[
    "reconciled", "known", "unmatched", "short", "over", "wrong_account", "duplicate", "late",
    "refund_due",
]  # fmt: skip
FOR_A_PERSON: Final[frozenset[Outcome]] = frozenset(
    {"unmatched", "short", "over", "wrong_account", "duplicate", "late", "refund_due"}
)
"""Outcomes that wait in the inbox."""


class Judged(NamedTuple):
    """A line and what becomes of it; `dossier_no` is empty when nobody knows whose it is."""

    line: StatementLine
    outcome: Outcome
    dossier_no: str = ""


class Preview(NamedTuple):
    """What a statement would do: its lines, those that cannot be taken, and money that went out."""

    lines: tuple[Judged, ...]
    refused: tuple[RefusedLine, ...]
    outgoing: int

    @property
    def fresh(self) -> tuple[StatementLine, ...]:
        """The lines that are new to the books."""
        return tuple(one.line for one in self.lines if one.outcome != "known")


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines were new, how many of them wait for a person, how many were refused."""

    fresh: int = 0
    waiting: int = 0
    refused: int = 0


async def look(station: Station, text: str, account: str = "") -> Preview:
    """What a statement would do. Errors: statement_empty, statement_columns_missing, …."""
    form: StatementForm = station.statement
    read = read_statement(text, form, account)

    def ask(connection: Connection) -> Preview:
        lines, contradicting = _judge(connection, read.lines)
        refused = sorted((*read.refused, *contradicting))
        return Preview(tuple(lines), tuple(refused), read.outgoing)

    return await station.store.read(ask)


async def take(station: Station, actor: Actor, lines: Sequence[StatementLine]) -> Taken:
    """Take lines that were looked at; what is known by now changes nothing. Errors: storage_*."""
    taken = Taken()
    statement_id = station.new_id(station.moment())
    for part, some in enumerate(_parts(lines), 1):
        mine = actor._replace(key=f"{actor.key}:{part}" if actor.key else "")
        one = await _take_part(station, mine, (statement_id, part), some)
        taken = Taken(
            fresh=taken.fresh + one.fresh,
            waiting=taken.waiting + one.waiting,
            refused=taken.refused + one.refused,
        )
    return taken


async def _take_part(
    station: Station, actor: Actor, place: tuple[bytes, int], lines: Sequence[StatementLine]
) -> Taken:
    statement_id, part = place

    def work(transaction: Transaction) -> Taken:
        judged, refused = _judge(transaction.connection, lines)
        fresh = [one for one in judged if one.outcome != "known"]
        if fresh:
            event = StatementTaken(
                statement_id=statement_id.hex(),
                part=part,
                officer=actor.officer,
                counter=actor.counter,
                lines=tuple(_stated(one.line) for one in fresh),
                taken_at=transaction.moment.text,
            )
            eid = command_id(f"payment:{actor.key}")
            transaction.record(event, Cause(eid, statement_id, part))
        for one in fresh:
            bank.state(station, transaction, _word(one.line))
        waiting = sum(one.outcome in FOR_A_PERSON for one in fresh)
        return Taken(fresh=len(fresh), waiting=waiting, refused=len(refused))

    what = ("statement", msgspec.to_builtins(tuple(lines)))
    return await once(station, actor, what, Taken, work)


def _parts(lines: Sequence[StatementLine]) -> Iterator[Sequence[StatementLine]]:
    for start in range(0, len(lines), LINES_AT_ONCE):
        yield lines[start : start + LINES_AT_ONCE]


def _judge(
    connection: Connection, lines: Sequence[StatementLine]
) -> tuple[list[Judged], list[RefusedLine]]:
    """What each line becomes when all of them are taken, and those that contradict the books."""
    refused, known, owners = [], set(), {}
    for line in lines:
        word = bank_lines.find_word(connection, line.transaction)
        if not bank_lines.agrees(word, _word(line)):
            refused.append(RefusedLine(line.number, "contradicts"))
            continue
        if bank_lines.is_on_statement(connection, line.transaction):
            known.add(line.transaction)
        owners[line.transaction] = bank_lines.owner(connection, word or _word(line))
    kept = [line for line in lines if line.transaction in owners]
    states = _states(connection, [line for line in kept if line.transaction not in known], owners)
    judged = []
    for line in kept:
        row = owners[line.transaction]
        number = row.dossier_no if row is not None else ""
        if line.transaction in known:
            judged.append(Judged(line, "known", number))
        else:
            judged.append(Judged(line, _outcome(row, line, states), number))
    return judged, refused


def _states(
    connection: Connection,
    lines: Iterable[StatementLine],
    owners: dict[str, PaymentRow | None],
) -> dict[str, PaymentState]:
    """The state of each line of a payment, as the ledger judges all of them together."""
    states: dict[str, PaymentState] = {}
    rows = {row.id: row for row in owners.values() if row is not None}
    for row in rows.values():
        mine = [_bank_line(one) for one in lines if owners[one.transaction] == row]
        standing = payments.standing_of(connection, row, mine)
        states |= {one.line.transaction: one.state for one in standing.lines}
    return states


def _outcome(
    row: PaymentRow | None, line: StatementLine, states: dict[str, PaymentState]
) -> Outcome:
    state = states.get(line.transaction)
    if row is None or state is None:
        return "unmatched"
    if state in (*UNDECIDED, PaymentState.REFUND_DUE):
        return trouble(row, state, line.amount_vnd)
    return "reconciled"


def _word(line: StatementLine) -> PaymentWord:
    return bank_lines.word_of(_stated(line))


def _stated(line: StatementLine) -> StatedLine:
    return StatedLine(
        transaction=line.transaction,
        reference=line.reference,
        amount_vnd=line.amount_vnd,
        paid_at=line.paid_at,
        beneficiary=line.beneficiary,
    )


def _bank_line(line: StatementLine) -> BankLine:
    return BankLine(
        transaction=line.transaction,
        amount_vnd=line.amount_vnd,
        beneficiary=line.beneficiary,
        paid_at=line.paid_at,
    )
