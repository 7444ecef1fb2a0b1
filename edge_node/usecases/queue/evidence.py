"""Proof that the queue is fair: a day's calls counted, for everybody to see.

Rules: counts and times only; what is counted here stands call by call in the journal. Must not
know: who anybody was.
"""

from typing import Final

import msgspec

from edge_node.domain.ticket import TicketState
from edge_node.store import queue
from edge_node.store.queue import FirstCall, Turn
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.station import Station

DAYS_SHOWN: Final = 31


class DayCount(msgspec.Struct, frozen=True, kw_only=True):
    """One day: how many were called and served, with priority, out of turn, absent; seconds waited.

    `out_of_turn` are calls before an earlier arrival, `of_these_priority` those among them with
    priority; `picked` were chosen by an officer for a stated reason.
    """

    day: str
    called: int
    served: int
    absent: int
    priority: int
    out_of_turn: int
    of_these_priority: int
    picked: int
    mean_wait_s: int
    longest_wait_s: int


async def count_day(station: Station, day: str = "") -> DayCount:
    """The count of a day of the queue, today's when none is named."""
    wanted = day or station.moment().day
    return await station.store.read(lambda connection: _count(connection, wanted))


async def count_days(station: Station) -> list[DayCount]:
    """The newest days, newest first."""

    def ask(connection: Connection) -> list[DayCount]:
        days = queue.days_with_calls(connection, DAYS_SHOWN)
        return [_count(connection, one) for one in days]

    return await station.store.read(ask)


def _count(connection: Connection, day: str) -> DayCount:
    return summarise(day, queue.calls_of(connection, day), queue.turns_of(connection, day))


def summarise(day: str, calls: list[FirstCall], turns: list[Turn]) -> DayCount:
    """A day's rows as figures."""
    waits = [one.waited_s for one in calls]
    out_of_turn = [one for one in calls if one.passed]
    return DayCount(
        day=day,
        called=len(calls),
        served=sum(one.outcome is TicketState.SERVED for one in turns),
        absent=sum(one.outcome is TicketState.NO_SHOW for one in turns),
        priority=sum(one.priority for one in calls),
        out_of_turn=len(out_of_turn),
        of_these_priority=sum(one.priority for one in out_of_turn),
        picked=sum(one.reason.value == "picked" for one in calls),
        mean_wait_s=sum(waits) // len(waits) if waits else 0,
        longest_wait_s=max(waits, default=0),
    )
