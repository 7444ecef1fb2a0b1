"""Send a number to another service or counter; the time already waited counts on.

Rules: the number stays the same and keeps the place of its arrival; a number that waits may be sent
too. Must not know: pages.
"""

from typing import NamedTuple

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import TicketTransferred
from edge_node.domain.ticket import TicketAction, TicketState, apply_ticket, format_ticket
from edge_node.store import queue
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.queue.end import note_turn
from edge_node.usecases.queue.present import AT_COUNTER, checked_reason, of_today, require_seen
from edge_node.usecases.station import Officer, Station


class Destination(NamedTuple):
    """Where to: a service, empty for the one it has; a counter, empty for any of the service."""

    service_id: str = ""
    counter: str = ""


async def transfer(
    station: Station,
    officer: Officer,
    ticket_id: int,
    to: Destination,
    reason: str,
    seen: str | None = None,
) -> None:
    """Send a number on. Errors: ticket_unknown, service_unknown, reason_*, version_conflict."""
    eid, why = station.entropy(16), checked_reason(reason)
    if to.service_id:
        station.catalogue.service(to.service_id)

    def work(transaction: Transaction) -> None:
        row = of_today(transaction, ticket_id)
        if row.state in AT_COUNTER:
            require_seen(row, seen)
            if row.counter != officer.counter:
                raise DomainError(ErrorCode.VERSION_CONFLICT)
        apply_ticket(row.state, TicketAction.TRANSFER)
        if row.state in AT_COUNTER:
            note_turn(transaction, row, TicketState.WAITING)
        service_id = to.service_id or row.service_id
        queue.send_to(transaction, row.id, service_id)
        place = queue.place_of(transaction.connection, row.id)
        if place.counter != to.counter:
            queue.set_place(transaction, row.id, place._replace(counter=to.counter))
        event = TicketTransferred(
            ticket=format_ticket(row.letter, row.number),
            day=row.day,
            from_counter=officer.counter,
            service=service_id,
            counter=to.counter,
            reason=why,
            transferred_at=transaction.moment.text,
        )
        transaction.record(event, Cause(eid))

    await station.store.write(station.moment(), work)
    station.changes.announce("ticket")
