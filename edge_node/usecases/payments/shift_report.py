"""What stands on a shift's report: from what the books and the drawer say to the printed fields.

Rules: fees and fines are counted apart; what the bank's statement does not have yet stands beside
what it has, never in one figure. Must not know how the figures were found, nor the journal.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from edge_node.documents.model import (
    AsideLine,
    Count,
    MoneyLine,
    OpenTransfer,
    ShiftReport,
    UnstatedTransfers,
)
from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.ticket import TicketState
from edge_node.store.lines_set_aside import AsideRow
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.payments.acting import Actor
from edge_node.usecases.payments.shift_books import LEDGERS, OpenItem, Overview
from edge_node.usecases.station import Station


def report_of(
    station: Station,
    transaction: Transaction,
    actor: Actor,
    seen: Overview,
    counted: tuple[Mapping[str, int], str],
) -> ShiftReport:
    """The report, before its check; `counted` is the cash of each ledger and the explanation."""
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
        unstated=_unstated(seen),
        lines_set_aside=tuple(_aside(one) for one in seen.set_aside),
        money_tasks=seen.tasks,
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


def _unstated(seen: Overview) -> tuple[UnstatedTransfers, ...]:
    """A line for each ledger in which the bank has confirmed what no statement has yet."""
    lines = []
    for one in LEDGERS:
        mine, all_here = seen.unstated[one.value], seen.unstated_here[one.value]
        if all_here.payments:
            line = UnstatedTransfers(
                ledger="fine" if one.value == "fine" else "fee",
                count=mine.payments,
                amount_vnd=mine.amount_vnd,
                count_here=all_here.payments,
                amount_here_vnd=all_here.amount_vnd,
            )
            lines.append(line)
    return tuple(lines)


def _aside(row: AsideRow) -> AsideLine:
    return AsideLine(
        transaction=row.bank_transaction,
        amount_vnd=row.amount_vnd,
        why=" – ".join(filter(None, (row.ground, row.note))),
        set_at=datetime.fromisoformat(row.decided_at),
    )


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
