"""Give a number priority, for a reason of the station's list, on record.

Must not know: who is called because of it.
"""

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import TicketPrioritised
from edge_node.domain.ticket import TicketState, format_ticket
from edge_node.store import queue
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.queue.present import of_today
from edge_node.usecases.station import Officer, Station


async def give_priority(
    station: Station, officer: Officer, ticket_id: int, reason: str, *, quick: bool = False
) -> None:
    """Let a waiting number go first, 1:2; `quick` puts it into the quick lane besides.

    Errors: ticket_unknown, priority_reason_unknown, action_not_allowed.
    """
    eid, why = station.entropy(16), station.queue.check_reason(reason)

    def work(transaction: Transaction) -> None:
        row = of_today(transaction, ticket_id)
        if row.state is not TicketState.WAITING:
            raise DomainError(
                ErrorCode.ACTION_NOT_ALLOWED, state=row.state.value, action="priority"
            )
        place = queue.place_of(transaction.connection, row.id)
        queue.set_place(
            transaction, row.id, place._replace(priority=why, quick=place.quick or quick)
        )
        event = TicketPrioritised(
            ticket=format_ticket(row.letter, row.number),
            day=row.day,
            reason=why,
            officer=officer.id,
            prioritised_at=transaction.moment.text,
        )
        transaction.record(event, Cause(eid))

    await station.store.write(station.moment(), work)
    station.changes.announce("ticket")
