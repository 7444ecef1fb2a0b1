"""A shift as the books have it: tills, transfers, results, what is outstanding.

Rules: what is expected in a drawer is its opening and the sum of its entries, nothing else; fees
and fines are apart; a transfer is settled by the bank's word and reconciled by its statement, and
the two are two figures. Reads only.
"""

from typing import Final

import msgspec

from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.confidential import confidential_procedures
from edge_node.domain.events.payment import Till
from edge_node.domain.payment import PaymentState
from edge_node.store import lines_set_aside, results, shifts
from edge_node.store.lines_set_aside import AsideRow
from edge_node.store.payments import PaymentRow
from edge_node.store.shifts import ShiftRow, Sum
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.payments.views import tasks_of
from edge_node.usecases.station import Station

MAXIMUM_WAITING_LISTED: Final = 30
"""Numbers of waiting results on one report; all of them are counted."""

LEDGERS: Final = (Ledger.FEE, Ledger.FINE)
_AWAITED: Final = {
    PaymentState.QR_SHOWN: "qr_shown",
    PaymentState.CLAIMED: "claimed",
    PaymentState.MISMATCH: "mismatch",
}
_CONFIRMED: Final = (PaymentState.CONFIRMED, PaymentState.RECONCILED, PaymentState.DUPLICATE)


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
    """A shift as it stands: `tills` with what the books expect, transfers, what is outstanding.

    `unstated`: transfers that the bank has confirmed and no statement has yet, of this shift;
    `unstated_here` of the whole station, whenever they came. `tasks`: what waits in its inbox.
    """

    shift_id: str
    officer: str
    opened_at: str
    tills: tuple[Till, ...]
    transfers_expected: dict[str, int]
    transfers_confirmed: dict[str, int]
    unstated: dict[str, Sum]
    unstated_here: dict[str, Sum]
    open_items: tuple[OpenItem, ...]
    set_aside: tuple[AsideRow, ...]
    tasks: int
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


def till_of(tills: tuple[Till, ...], ledger: str, opening_vnd: int = 0) -> Till:
    """The till of a ledger; without one, a new till with this opening."""
    for one in tills:
        if one.ledger == ledger:
            return one
    return Till(ledger="fine" if ledger == "fine" else "fee", opening_vnd=opening_vnd)


def overview_of(
    station: Station, connection: Connection, found: ShiftRow, now: tuple[str, int]
) -> Overview:
    """`now`: the queue's day, and how many records the city does not have yet."""
    day, unsynced = now
    hidden = confidential_procedures(station.catalogue)
    waiting = results.waiting(connection, hidden, MAXIMUM_WAITING_LISTED)
    moved = shifts.moved(connection, found.id)
    here = shifts.unstated(connection)
    transfers = shifts.transfers(connection, found.counter, found.opened_at)
    return Overview(
        shift_id=found.id.hex(),
        officer=found.officer_id,
        opened_at=found.opened_at,
        tills=tuple(
            msgspec.structs.replace(
                till_of((), one.value, till_of(found.opening, one.value).opening_vnd),
                moved_vnd=moved.get(one.value, 0),
            )
            for one in LEDGERS
        ),
        transfers_expected=_sum(
            transfers, (*_CONFIRMED, PaymentState.CLAIMED, PaymentState.MISMATCH)
        ),
        transfers_confirmed=_sum(transfers, _CONFIRMED),
        unstated=_unstated(transfers),
        unstated_here={one.value: here.get(one.value, Sum(0, 0)) for one in LEDGERS},
        open_items=tuple(_item(connection, row) for row in transfers if row.state in _AWAITED),
        set_aside=tuple(lines_set_aside.of_shift(connection, found.counter, found.opened_at)),
        tasks=len(tasks_of(station, connection)),
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


def _unstated(rows: list[PaymentRow]) -> dict[str, Sum]:
    """Those in this very state: money too much, or to give back, waits for a person first."""
    sums = {}
    for one in LEDGERS:
        mine = [r for r in rows if r.ledger is one and r.state is PaymentState.CONFIRMED]
        sums[one.value] = Sum(len(mine), sum(r.amount_vnd for r in mine))
    return sums


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
