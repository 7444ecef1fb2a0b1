"""What the waiting room sees: calls, who is next for each service, the wait.

Rules: read-only; numbers and counters only. Must not know: how a board looks.
"""

from typing import Final

import msgspec

from edge_node.domain.ticket import TicketState, format_ticket
from edge_node.domain.waiting_time import WaitRange
from edge_node.store import queue, tickets
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.queue import room as rooms
from edge_node.usecases.queue.present import Call, as_call
from edge_node.usecases.station import Station

RECENT_CALLS: Final = 12
"""Calls a board is told: enough for a burst that it announces one after the other."""

FOLLOWING: Final = 5
NEXT_PER_SERVICE: Final = 3


class ServiceQueue(msgspec.Struct, frozen=True, kw_only=True):
    """One service: how many wait, the next numbers in call order, what a newcomer would wait."""

    service: str
    letter: str
    people: int
    following: tuple[str, ...]
    wait: WaitRange | None


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Newest call first; the next numbers of everybody; every service somebody waits for."""

    calls: tuple[Call, ...]
    following: tuple[str, ...]
    services: tuple[ServiceQueue, ...]
    waiting: int
    wait: WaitRange | None


async def board(station: Station) -> Board:
    """The room's facts at one moment."""
    moment = station.moment()

    def ask(connection: Connection) -> Board:
        room = rooms.look(connection, moment.day, moment.now)
        placed = queue.placed(connection, moment.day, (TicketState.WAITING,))
        names = {row.id: format_ticket(row.letter, row.number) for row, _ in placed}
        order = rooms.order_of(room)
        recent = tickets.recent_calls(connection, moment.day, RECENT_CALLS)
        return Board(
            calls=tuple(as_call(row) for row in recent),
            following=tuple(names[one] for one in order[:FOLLOWING]),
            services=_services(station, room, names, order),
            waiting=len(room.waiting),
            wait=rooms.wait_for(station, room, ""),
        )

    return await station.store.read(ask)


def _services(
    station: Station, room: rooms.Room, names: dict[int, str], order: list[int]
) -> tuple[ServiceQueue, ...]:
    wanted = {one.ticket_id: one.service_id for one in room.waiting}
    queues = []
    for service in station.catalogue.services:
        mine = [one for one in order if wanted[one] == service.id]
        if mine:
            queues.append(
                ServiceQueue(
                    service=service.id,
                    letter=service.letter,
                    people=len(mine),
                    following=tuple(names[one] for one in mine[:NEXT_PER_SERVICE]),
                    wait=rooms.wait_for(station, room, service.id),
                )
            )
    return tuple(queues)
