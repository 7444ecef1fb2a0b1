"""Several services in one visit: one number, served one service after the other.

Rules: the next service keeps the place of the arrival; no service twice, at most
MAXIMUM_SERVICES_PER_VISIT. Must not know: pages.
"""

from collections.abc import Sequence

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import VisitExtended
from edge_node.domain.queue_rules import MAXIMUM_SERVICES_PER_VISIT
from edge_node.domain.ticket import TicketState, format_ticket
from edge_node.store import queue
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.queue.present import AT_COUNTER, of_today
from edge_node.usecases.station import Station

_OPEN = (TicketState.WAITING, *AT_COUNTER)


async def add_services(station: Station, ticket_id: int, service_ids: Sequence[str]) -> None:
    """Add services to a number that waits or is served.

    Errors: ticket_unknown, service_unknown, visit_too_long, action_not_allowed.
    """
    eid = station.entropy(16)
    wanted = further(station, "", service_ids)

    def work(transaction: Transaction) -> None:
        row = of_today(transaction, ticket_id)
        if row.state not in _OPEN:
            raise DomainError(ErrorCode.ACTION_NOT_ALLOWED, state=row.state.value, action="extend")
        known = queue.further_services(transaction.connection, row.id)
        there = {row.service_id, *(service_id for _, service_id in known)}
        new = [one for one in wanted if one not in there]
        if 1 + len(known) + len(new) > MAXIMUM_SERVICES_PER_VISIT:
            raise DomainError(ErrorCode.VISIT_TOO_LONG, maximum=MAXIMUM_SERVICES_PER_VISIT)
        last = known[-1][0] if known else 0
        for position, service_id in enumerate(new, last + 1):
            queue.add_visit(transaction, row.id, position, service_id)
        if new:
            ticket = format_ticket(row.letter, row.number)
            transaction.record(extension(transaction, ticket, tuple(new)), Cause(eid))

    await station.store.write(station.moment(), work)
    station.changes.announce("ticket")


def further(station: Station, first: str, service_ids: Sequence[str]) -> tuple[str, ...]:
    """The services besides the first, each once, all known and not too many."""
    wanted = tuple(dict.fromkeys(one for one in service_ids if one != first))
    for one in wanted:
        station.catalogue.service(one)
    if len(wanted) + bool(first) > MAXIMUM_SERVICES_PER_VISIT:
        raise DomainError(ErrorCode.VISIT_TOO_LONG, maximum=MAXIMUM_SERVICES_PER_VISIT)
    return wanted


def extension(transaction: Transaction, ticket: str, services: tuple[str, ...]) -> VisitExtended:
    """What the journal says of further services."""
    moment = transaction.moment
    return VisitExtended(ticket=ticket, day=moment.day, services=services, extended_at=moment.text)
