"""The chief's panel: how the day goes, in figures that name nobody.

Rules: read-only; a dossier kept out of sight is in no figure; a share without known cases is no
share; a day without contact counts only between the first day the city answered and yesterday.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from edge_node.domain import officer as rules
from edge_node.domain import punctuality
from edge_node.domain.confidential import confidential_procedures
from edge_node.domain.officer import Duty
from edge_node.domain.punctuality import Share
from edge_node.domain.working_calendar import WorkingCalendar
from edge_node.domain.worklist import WorkList
from edge_node.store import panel, queue
from edge_node.store.queue import FirstCall
from edge_node.store.unit_of_work import Connection
from edge_node.usecases import worklists
from edge_node.usecases.kiosk import rating
from edge_node.usecases.payments import views
from edge_node.usecases.queue import desk, evidence
from edge_node.usecases.queue.evidence import DayCount
from edge_node.usecases.station import Officer, Station

WINDOW_DAYS: Final = 30
LONG_WAIT_S: Final = 20 * 60
FIRST_HOUR, LAST_HOUR = 7, 17


class Hour(NamedTuple):
    """Numbers called within an hour of today and how long they had waited on average."""

    hour: int
    called: int
    mean_wait_s: int


class Panel(NamedTuple):
    """Everything the panel shows."""

    waiting: int
    longest_s: int
    long_waits: int
    hours: tuple[Hour, ...]
    counts: dict[WorkList, int]
    share: Share
    lost_days: int | None
    known_days: int
    ratings: dict[tuple[str, str], int]
    fairness: DayCount
    money_tasks: int


async def look(station: Station, chief: Officer) -> Panel:
    """The panel at this moment. Error: duty_not_yours."""
    rules.require(chief.roles, Duty.SEE_PANEL)
    moment = station.moment()
    today = moment.now.date()
    waiting = await desk.lines(station)
    calls = await station.store.read(lambda c: queue.calls_of(c, moment.day))
    nobody: set[date] = set()
    contact = await station.city.ask(panel.days_with_contact, nobody)
    lost, known = lost_days(station.calendar, contact, today)
    return Panel(
        waiting=len(waiting),
        longest_s=max((one.waiting_s for one in waiting), default=0),
        long_waits=sum(one.waiting_s >= LONG_WAIT_S for one in waiting),
        hours=by_hour(calls),
        counts=(await worklists.counts(station)).by_list,
        share=await _share(station, today),
        lost_days=lost,
        known_days=known,
        ratings=await rating.today(station),
        fairness=await evidence.count_day(station),
        money_tasks=len(await views.inbox(station)),
    )


def by_hour(calls: Sequence[FirstCall]) -> tuple[Hour, ...]:
    """First calls of today by the hour of the clock, quiet hours of the working day included."""
    waits: dict[int, list[int]] = {hour: [] for hour in range(FIRST_HOUR, LAST_HOUR + 1)}
    for one in calls:
        waits.setdefault(int(one.called_at[11:13]), []).append(one.waited_s)
    return tuple(
        Hour(hour, len(found), sum(found) // len(found) if found else 0)
        for hour, found in sorted(waits.items())
    )


def lost_days(calendar: WorkingCalendar, contact: set[date], today: date) -> tuple[int | None, int]:
    """Working days without an answer of the city, of so many known; None when it never answered."""
    if not contact:
        return None, 0
    first = max(min(contact), today - timedelta(days=WINDOW_DAYS))
    days = [first + timedelta(days=turn) for turn in range((today - first).days)]
    working = [day for day in days if calendar.is_working_day(day)]
    return sum(day not in contact for day in working), len(working)


async def _share(station: Station, today: date) -> Share:
    hidden = confidential_procedures(station.catalogue)
    first = (today - timedelta(days=WINDOW_DAYS)).isoformat()

    def ask(connection: Connection) -> Share:
        found = panel.due_between(connection, first, today.isoformat(), hidden)
        return punctuality.share(punctuality.judge(one, today) for one in found)

    return await station.store.read(ask)
