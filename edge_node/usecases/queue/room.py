"""The waiting room as the rules see it, and how long waiting takes today.

Rules: read-only; the same facts for the board, the kiosk, the phone and the counter. Must not know:
who asks.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from edge_node.domain.queue_order import PastCall, Waiting, expected_order
from edge_node.domain.ticket import TicketState
from edge_node.domain.waiting_time import Today, WaitRange, estimate
from edge_node.store import queue
from edge_node.store.queue import Turn
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.station import Station

PAST_CALLS: Final = 60
"""First calls that the rule of order looks back on."""

ACTIVE_FOR_S: Final = 30 * 60
"""A counter that neither called nor ended a turn for so long is not at work."""


class Room(NamedTuple):
    """Who waits, what was called, what is known of turns; times are Unix seconds."""

    waiting: tuple[Waiting, ...]
    past: tuple[PastCall, ...]
    turns: tuple[Turn, ...]
    counters: frozenset[str]
    now_s: int


def epoch_s(iso: str) -> int:
    """A stored time as Unix seconds."""
    return int(datetime.fromisoformat(iso).timestamp())


def people_waiting(connection: Connection, day: str) -> list[Waiting]:
    """Everybody in the waiting room."""
    return [
        Waiting(
            ticket_id=row.id,
            service_id=row.service_id,
            arrived_s=epoch_s(row.issued_at),
            priority=bool(place.priority),
            quick=place.quick,
            booked_s=epoch_s(place.booked_at) if place.booked_at else None,
            counter=place.counter,
        )
        for row, place in queue.placed(connection, day, (TicketState.WAITING,))
    ]


def look(connection: Connection, day: str, now: datetime) -> Room:
    """The room at one moment."""
    now_s = int(now.timestamp())
    turns = queue.turns_of(connection, day)
    recent = [
        (one.counter, one.called_at) for one in queue.calls_of(connection, day)[-PAST_CALLS:]
    ] + [(one.counter, one.ended_at) for one in turns[-PAST_CALLS:]]
    counters = {counter for counter, at in recent if now_s - epoch_s(at) <= ACTIVE_FOR_S}
    return Room(
        waiting=tuple(people_waiting(connection, day)),
        past=tuple(queue.past_calls(connection, day, PAST_CALLS)),
        turns=tuple(turns),
        counters=frozenset(counters),
        now_s=now_s,
    )


def wait_for(station: Station, room: Room, service_id: str) -> WaitRange | None:
    """What somebody is told who takes a number now; an empty service means any."""
    counters = _serving(station, room, service_id)
    ahead = len(_pool(station, room.waiting, counters))
    return estimate(ahead, _today(room.turns, counters))


class Position(NamedTuple):
    """Where a waiting number stands: people before it, and the wait if it can be told."""

    ahead: int
    wait: WaitRange | None


def position(station: Station, room: Room, ticket_id: int) -> Position | None:
    """The place of a waiting number; None when it does not wait."""
    mine = next((one for one in room.waiting if one.ticket_id == ticket_id), None)
    if mine is None:
        return None
    counters = (
        room.counters & {mine.counter} if mine.counter else _serving(station, room, mine.service_id)
    )
    pool = _pool(station, room.waiting, counters) or [mine]
    order = expected_order(pool, room.past, room.now_s)
    ahead = order.index(ticket_id) if ticket_id in order else 0
    return Position(ahead, estimate(ahead, _today(room.turns, counters)))


def order_of(room: Room) -> list[int]:
    """The ids of everybody who waits in the order they will be called."""
    return expected_order(room.waiting, room.past, room.now_s)


def _serving(station: Station, room: Room, service_id: str) -> frozenset[str]:
    return frozenset(
        name
        for name in room.counters
        if not service_id or station.queue.counter(name).serves(service_id)
    )


def _pool(station: Station, waiting: Sequence[Waiting], counters: frozenset[str]) -> list[Waiting]:
    """Everybody one of these counters may call; all when none is at work."""
    if not counters:
        return list(waiting)
    rules = [(name, station.queue.counter(name)) for name in counters]
    return [
        one
        for one in waiting
        if any(
            one.counter == name if one.counter else rule.serves(one.service_id)
            for name, rule in rules
        )
    ]


def _today(turns: Iterable[Turn], counters: frozenset[str]) -> Today:
    ended = list(turns)
    return Today(
        turns_s=tuple(one.served_s for one in ended if one.outcome is not TicketState.NO_SHOW),
        absent=sum(one.outcome is TicketState.NO_SHOW for one in ended),
        counters=len(counters),
    )
