"""The waiting room as a counter shows it: everybody in the order they will be called.

Rules: read-only; priority never hides anybody, it only moves them. Must not know: pages.
"""

from datetime import datetime
from typing import NamedTuple

from edge_node.domain.ticket import TicketState, format_ticket
from edge_node.store import queue
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.queue import room
from edge_node.usecases.station import Station


class WaitingLine(NamedTuple):
    """Somebody who waits, or was away; `dossier_id` (hex) and `priority` are empty for none."""

    ticket_id: int
    ticket: str
    service: str
    waiting_s: int
    dossier_id: str
    priority: str
    quick: bool
    counter: str


async def lines(station: Station, state: TicketState = TicketState.WAITING) -> list[WaitingLine]:
    """Today's numbers in a state; those who wait in the order of calling, others as they came."""
    moment = station.moment()

    def ask(connection: Connection) -> list[WaitingLine]:
        found = [
            WaitingLine(
                ticket_id=row.id,
                ticket=format_ticket(row.letter, row.number),
                service=row.service_id,
                waiting_s=_since(moment.now, row.issued_at),
                dossier_id=row.dossier_id.hex() if row.dossier_id else "",
                priority=place.priority,
                quick=place.quick,
                counter=place.counter,
            )
            for row, place in queue.placed(connection, moment.day, (state,))
        ]
        if state is not TicketState.WAITING:
            return found
        order = room.order_of(room.look(connection, moment.day, moment.now))
        turn = {ticket_id: place for place, ticket_id in enumerate(order)}
        return sorted(found, key=lambda line: turn.get(line.ticket_id, len(turn)))

    return await station.store.read(ask)


def _since(now: datetime, issued_at: str) -> int:
    return max(int((now - datetime.fromisoformat(issued_at)).total_seconds()), 0)
