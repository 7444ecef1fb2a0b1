"""A counter's cash drawer from opening to the signed report.

Rules: fees and fines are counted apart; what is expected is the opening and the sum of the entries,
nothing else; a difference needs a word and names its likely cause; what the bank has not said yet,
what the city does not have and what is not printed stand on the report, and so do the results given
to citizens and those still waiting, by number; the next shift starts from what was counted. The
report is printed, and its digest stands in the journal.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from edge_node.documents import kinds
from edge_node.documents.model import Count, MoneyLine, OpenTransfer, ShiftReport
from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.confidential import confidential_procedures
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import ShiftClosed, ShiftOpened
from edge_node.domain.events.payment import Till
from edge_node.domain.payment import PaymentState
from edge_node.domain.ticket import TicketState
from edge_node.store import print_jobs, results, shifts
from edge_node.store.payments import PaymentRow
from edge_node.store.shifts import ShiftRow
from edge_node.store.unit_of_work import Connection, Transaction
from edge_node.usecases import technician
from edge_node.usecases.payments.acting import Actor, once, text_of
from edge_node.usecases.station import Station
from sync.protocol.record import command_id

MAXIMUM_CASH_VND: Final = 2_000_000_000
"""More than any drawer holds; what is above is a slip of the finger."""

SIGNED_LABEL: Final = b"edge-node/shift-report\0"
CHECK_CHARACTERS: Final = 16
MAXIMUM_WAITING_LISTED: Final = 30
"""Numbers of waiting results on one report; all of them are counted."""

LEDGERS: Final = (Ledger.FEE, Ledger.FINE)
_AWAITED: Final = {
    PaymentState.QR_SHOWN: "qr_shown",
    PaymentState.CLAIMED: "claimed",
    PaymentState.MISMATCH: "mismatch",
}
_CONFIRMED: Final = (PaymentState.CONFIRMED, PaymentState.RECONCILED, PaymentState.DUPLICATE)


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """The drawer is open."""

    shift_id: str


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """The drawer was counted: differences by ledger, in đồng; counted less expected."""

    shift_id: str
    differences: dict[str, int]


class OpenItem(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer that the bank has not confirmed: its ticket, amount and state."""

    payment_id: str
    dossier_id: str
    ticket: str
    dossier_no: str
    reference: str
    ledger: str
    amount_vnd: int
    state: str


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A shift as it stands: `tills` with what the books expect, transfers, what is outstanding."""

    shift_id: str
    officer: str
    opened_at: str
    tills: tuple[Till, ...]
    transfers_expected: dict[str, int]
    transfers_confirmed: dict[str, int]
    open_items: tuple[OpenItem, ...]
    tickets: dict[str, int]
    received: int
    results_given: tuple[str, ...]
    results_waiting: int
    waiting_numbers: tuple[str, ...]
    unsynced: int
    unprinted: int

    def expected(self, ledger: str) -> int:
        """Cash the books expect in the drawer, in đồng."""
        return sum(t.opening_vnd + t.moved_vnd for t in self.tills if t.ledger == ledger)

    def likely_cause(self, difference_vnd: int) -> OpenItem | None:
        """An unconfirmed transfer that would explain a difference."""
        for item in self.open_items:
            if item.amount_vnd == abs(difference_vnd):
                return item
        return None


async def opening(station: Station, counter: str) -> dict[str, int]:
    """What the next shift starts from: what the last one counted, by ledger."""
    last = await station.store.read(lambda connection: shifts.last_closed(connection, counter))
    tills = last.closed if last is not None else ()
    return {one.value: _till(tills, one.value).counted_vnd for one in LEDGERS}


async def open_drawer(station: Station, actor: Actor, counted: Mapping[str, int]) -> Opened:
    """Open the counter's drawer with what was counted in it. Error: shift_open."""
    tills = tuple(_till((), one.value, _cash(counted.get(one.value, 0))) for one in LEDGERS)

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
        return _overview(station, connection, found, (station.moment().day, unsynced))

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
        seen = _overview(station, connection, found, (transaction.moment.day, unsynced))
        differences = {name: cash[name] - seen.expected(name) for name in cash}
        if any(differences.values()) and not word:
            raise DomainError(ErrorCode.DIFFERENCE_UNEXPLAINED)
        report = _report(station, transaction, actor, seen, (cash, word))
        digest = hashlib.sha256(kinds.encode(report)).digest()
        event = ShiftClosed(
            shift_id=seen.shift_id,
            counter=actor.counter,
            officer=actor.officer,
            tills=tuple(
                msgspec.structs.replace(one, counted_vnd=cash[one.ledger]) for one in seen.tills
            ),
            transfers_expected_vnd=sum(seen.transfers_expected.values()),
            transfers_confirmed_vnd=sum(seen.transfers_confirmed.values()),
            unsynced=unsynced,
            unprinted=seen.unprinted,
            explanation=word,
            digest=digest.hex(),
            signature=_sign(station, digest).hex(),
            closed_at=transaction.moment.text,
        )
        shifts.record(transaction, event, command_id(f"shift:{actor.key}"))
        slip = kinds.encode(msgspec.structs.replace(report, device_check=_check(digest)))
        job = print_jobs.NewPrintJob("shift_report", kinds.KINDS["shift_report"].role, slip)
        print_jobs.insert(transaction, job)
        return Closed(shift_id=seen.shift_id, differences=differences)

    return await once(station, actor, ("close shift", sorted(cash.items()), word), Closed, work)


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


def _till(tills: tuple[Till, ...], ledger: str, opening_vnd: int = 0) -> Till:
    for one in tills:
        if one.ledger == ledger:
            return one
    return Till(ledger="fine" if ledger == "fine" else "fee", opening_vnd=opening_vnd)


async def _unsynced(station: Station) -> int:
    """Records that the city does not have yet."""
    return (await technician.waiting_for_city(station)).events


def _overview(
    station: Station, connection: Connection, found: ShiftRow, now: tuple[str, int]
) -> Overview:
    """`now`: the queue's day, and how many records the city does not have yet."""
    day, unsynced = now
    hidden = confidential_procedures(station.catalogue)
    waiting = results.waiting(connection, hidden, MAXIMUM_WAITING_LISTED)
    moved = shifts.moved(connection, found.id)
    transfers = shifts.transfers(connection, found.counter, found.opened_at)
    return Overview(
        shift_id=found.id.hex(),
        officer=found.officer_id,
        opened_at=found.opened_at,
        tills=tuple(
            msgspec.structs.replace(
                _till((), one.value, _till(found.opening, one.value).opening_vnd),
                moved_vnd=moved.get(one.value, 0),
            )
            for one in LEDGERS
        ),
        transfers_expected=_sum(
            transfers, (*_CONFIRMED, PaymentState.CLAIMED, PaymentState.MISMATCH)
        ),
        transfers_confirmed=_sum(transfers, _CONFIRMED),
        open_items=tuple(_item(connection, row) for row in transfers if row.state in _AWAITED),
        tickets=shifts.count_tickets(connection, day, found.counter),
        received=shifts.count_received(connection, day, found.counter),
        results_given=results.handed_over(connection, found.counter, found.opened_at, hidden),
        results_waiting=waiting.total,
        waiting_numbers=waiting.numbers,
        unsynced=unsynced,
        unprinted=shifts.count_unprinted(connection),
    )


def _sum(rows: list[PaymentRow], states: tuple[PaymentState, ...]) -> dict[str, int]:
    return {
        one.value: sum(r.amount_vnd for r in rows if r.ledger is one and r.state in states)
        for one in LEDGERS
    }


def _item(connection: Connection, row: PaymentRow) -> OpenItem:
    return OpenItem(
        payment_id=row.id.hex(),
        dossier_id=row.dossier_id.hex() if row.dossier_id else "",
        ticket=shifts.ticket_of(connection, row.dossier_id),
        dossier_no=row.dossier_no,
        reference=row.reference,
        ledger=row.ledger.value,
        amount_vnd=row.amount_vnd,
        state=row.state.value,
    )


def _report(
    station: Station,
    transaction: Transaction,
    actor: Actor,
    seen: Overview,
    counted: tuple[Mapping[str, int], str],
) -> ShiftReport:
    cash, word = counted
    served = seen.tickets.get(TicketState.SERVED.value, 0)
    missed = seen.tickets.get(TicketState.NO_SHOW.value, 0)
    return ShiftReport(
        superior_agency=station.letterhead.superior_agency,
        agency=station.name_vi,
        place=station.place,
        counter=actor.counter,
        officer_name=actor.name,
        opened_at=datetime.fromisoformat(seen.opened_at),
        closed_at=datetime.fromisoformat(transaction.moment.text),
        work=(
            Count(label="Số thứ tự đã phục vụ", count=served),
            Count(label="Hồ sơ tiếp nhận", count=seen.received),
            Count(label="Hồ sơ trả kết quả", count=len(seen.results_given)),
            Count(label="Vắng mặt khi gọi", count=missed),
        ),
        money=tuple(_money(seen, cash)),
        open_transfers=tuple(_transfer(one) for one in seen.open_items),
        results_given=seen.results_given,
        results_waiting=seen.results_waiting,
        waiting_numbers=seen.waiting_numbers,
        unsynced=seen.unsynced,
        unprinted=seen.unprinted,
        explanation=word,
    )


def _money(seen: Overview, cash: Mapping[str, int]) -> list[MoneyLine]:
    """A line for each ledger and way of paying that has anything, and the fees' cash always."""
    lines = []
    for one in LEDGERS:
        ledger = one.value
        expected, transfers = seen.expected(ledger), seen.transfers_expected[ledger]
        if one is Ledger.FEE or expected or cash[ledger]:
            lines.append(_line(ledger, "cash", expected, cash[ledger]))
        if transfers:
            lines.append(_line(ledger, "transfer", transfers, seen.transfers_confirmed[ledger]))
    return lines


def _line(ledger: str, method: str, expected_vnd: int, counted_vnd: int) -> MoneyLine:
    return MoneyLine(
        ledger="fine" if ledger == "fine" else "fee",
        method="cash" if method == "cash" else "transfer",
        expected_vnd=expected_vnd,
        counted_vnd=counted_vnd,
    )


def _transfer(item: OpenItem) -> OpenTransfer:
    said = {
        "ticket_number": item.ticket,
        "dossier_number": item.dossier_no,
        "reference": item.reference,
        "amount_vnd": item.amount_vnd,
        "state": item.state,
    }
    return msgspec.convert(said, OpenTransfer)
