"""A counter's cash drawer from opening to the signed report.

Rules: a difference needs a word and names its likely cause; what the bank has not said yet, what no
statement has, what the city does not have and what is not printed stand on the report, and so do
the results given to citizens and those still waiting, by number; the next shift starts from what
was counted. The report is printed, and its digest stands in the journal. Closing changes no
payment: the bank settles, its statement reconciles.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from edge_node.documents import kinds
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import ShiftClosed, ShiftOpened
from edge_node.store import print_jobs, shifts
from edge_node.store.unit_of_work import Connection, Transaction
from edge_node.usecases import technician
from edge_node.usecases.payments.acting import Actor, once, text_of
from edge_node.usecases.payments.shift_books import LEDGERS, Overview, overview_of, till_of
from edge_node.usecases.payments.shift_report import report_of
from edge_node.usecases.station import Station
from sync.protocol.record import command_id

MAXIMUM_CASH_VND: Final = 2_000_000_000
"""More than any drawer holds; what is above is a slip of the finger."""

SIGNED_LABEL: Final = b"edge-node/shift-report\0"
CHECK_CHARACTERS: Final = 16


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """The drawer is open."""

    shift_id: str


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """The drawer was counted: differences by ledger, in đồng; counted less expected."""

    shift_id: str
    differences: dict[str, int]


async def opening(station: Station, counter: str) -> dict[str, int]:
    """What the next shift starts from: what the last one counted, by ledger."""
    last = await station.store.read(lambda connection: shifts.last_closed(connection, counter))
    tills = last.closed if last is not None else ()
    return {one.value: till_of(tills, one.value).counted_vnd for one in LEDGERS}


async def open_drawer(station: Station, actor: Actor, counted: Mapping[str, int]) -> Opened:
    """Open the counter's drawer with what was counted in it. Error: shift_open."""
    tills = tuple(till_of((), one.value, _cash(counted.get(one.value, 0))) for one in LEDGERS)

    def work(transaction: Transaction) -> Opened:
        if shifts.open_at(transaction.connection, actor.counter) is not None:
            raise DomainError(ErrorCode.SHIFT_OPEN)
        event = ShiftOpened(
            shift_id=station.new_id(transaction.moment).hex(),
            counter=actor.counter,
            officer=actor.officer,
            tills=tills,
            opened_at=transaction.moment.text,
        )
        shifts.record(transaction, event, command_id(f"shift:{actor.key}"))
        return Opened(shift_id=event.shift_id)

    return await once(station, actor, ("open shift", msgspec.to_builtins(tills)), Opened, work)


async def overview(station: Station, counter: str) -> Overview | None:
    """The counter's open shift as the books have it now; None when none is open."""
    unsynced = await _unsynced(station)

    def ask(connection: Connection) -> Overview | None:
        found = shifts.open_at(connection, counter)
        if found is None:
            return None
        return overview_of(station, connection, found, (station.moment().day, unsynced))

    return await station.store.read(ask)


async def close_drawer(
    station: Station, actor: Actor, counted: Mapping[str, int], explanation: str
) -> Closed:
    """Count, close, print and journal. Errors: shift_not_open, difference_unexplained."""
    cash = {one.value: _cash(counted.get(one.value, 0)) for one in LEDGERS}
    word, unsynced = text_of(explanation), await _unsynced(station)

    def work(transaction: Transaction) -> Closed:
        connection = transaction.connection
        found = shifts.open_at(connection, actor.counter)
        if found is None:
            raise DomainError(ErrorCode.SHIFT_NOT_OPEN)
        seen = overview_of(station, connection, found, (transaction.moment.day, unsynced))
        differences = {name: cash[name] - seen.expected(name) for name in cash}
        if any(differences.values()) and not word:
            raise DomainError(ErrorCode.DIFFERENCE_UNEXPLAINED)
        report = report_of(station, transaction, actor, seen, (cash, word))
        digest = hashlib.sha256(kinds.encode(report)).digest()
        event = _closed(seen, actor, (cash, word), (digest, _sign(station, digest)), transaction)
        shifts.record(transaction, event, command_id(f"shift:{actor.key}"))
        slip = kinds.encode(msgspec.structs.replace(report, device_check=_check(digest)))
        job = print_jobs.NewPrintJob("shift_report", kinds.KINDS["shift_report"].role, slip)
        print_jobs.insert(transaction, job)
        return Closed(shift_id=seen.shift_id, differences=differences)

    return await once(station, actor, ("close shift", sorted(cash.items()), word), Closed, work)


def _closed(
    seen: Overview,
    actor: Actor,
    counted: tuple[Mapping[str, int], str],
    proof: tuple[bytes, bytes],
    transaction: Transaction,
) -> ShiftClosed:
    """The event; `counted` is cash and explanation, `proof` the report's digest and signature."""
    cash, word = counted
    digest, signature = proof
    return ShiftClosed(
        shift_id=seen.shift_id,
        counter=actor.counter,
        officer=actor.officer,
        tills=tuple(
            msgspec.structs.replace(one, counted_vnd=cash[one.ledger]) for one in seen.tills
        ),
        transfers_expected_vnd=sum(seen.transfers_expected.values()),
        transfers_confirmed_vnd=sum(seen.transfers_confirmed.values()),
        transfers_unstated_vnd=sum(one.amount_vnd for one in seen.unstated.values()),
        lines_set_aside=len(seen.set_aside),
        unsynced=seen.unsynced,
        unprinted=seen.unprinted,
        explanation=word,
        digest=digest.hex(),
        signature=signature.hex(),
        closed_at=transaction.moment.text,
    )


def _sign(station: Station, digest: bytes) -> bytes:
    """The station's own hand under the report; empty while it has no slip key."""
    key = station.slip_key
    return key.sign(SIGNED_LABEL + digest) if key is not None else b""


def _check(digest: bytes) -> str:
    """What stands on the paper: enough of the digest to compare it with the journal's."""
    text = digest.hex().upper()[:CHECK_CHARACTERS]
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _cash(amount_vnd: int) -> int:
    if not 0 <= amount_vnd <= MAXIMUM_CASH_VND:
        raise DomainError(ErrorCode.AMOUNT_INVALID)
    return amount_vnd


async def _unsynced(station: Station) -> int:
    """Records that the city does not have yet."""
    return (await technician.waiting_for_city(station)).events
