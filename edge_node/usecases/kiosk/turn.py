"""What somebody who has just taken a number may know of the turn."""

from typing import NamedTuple

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.ticket import parse_ticket
from edge_node.domain.waiting_time import WaitRange
from edge_node.store import kiosk
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.queue import room
from edge_node.usecases.station import Station


class Turn(NamedTuple):
    """One of today's numbers. `ahead` is None once it is called, `wait` while nobody can say."""

    ticket_id: int
    ahead: int | None
    wait: WaitRange | None


async def turn_of(station: Station, ticket: str) -> Turn:
    """The turn of one of today's numbers as it stands. Error: ticket_unknown."""
    number = parse_ticket(ticket)
    moment = station.moment()

    def ask(connection: Connection) -> Turn:
        found = kiosk.ticket_id(connection, moment.day, number.letter, number.number)
        if found is None:
            raise DomainError(ErrorCode.TICKET_UNKNOWN)
        place = room.position(station, room.look(connection, moment.day, moment.now), found)
        if place is None:
            return Turn(found, None, None)
        return Turn(found, place.ahead, place.wait)

    return await station.store.read(ask)
