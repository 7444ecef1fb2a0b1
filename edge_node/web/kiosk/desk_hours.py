"""What the first screens say about the desk itself: open or not, the clock, being looked after.

Being closed is told, never a reason to refuse. A clock that is certainly wrong is not shown, and
nothing is promised by it.
"""

from datetime import datetime
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.opening_hours import UNKNOWN, State, opening
from edge_node.domain.retention import DiskLevel
from edge_node.domain.working_calendar import ZONE, WorkingCalendar
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import translator

CLOCK_WRONG: Final = 0
"""`hardware.ports.ClockReading.quality` of a clock that certainly shows a wrong time."""


class DeskHours(NamedTuple):
    """In the reader's words; ``until`` and ``opens`` are "" when not known."""

    state: State
    until: str
    opens: str
    clock_doubtful: bool
    maintenance: bool


def desk_hours(request: web.Request, t: Translator | None = None) -> DeskHours:
    """The desk as it stands, in the reader's language or in the one given."""
    station, t = request.app[STATION], t or translator(request)
    now = station.clock.now()
    doubtful = station.clock.read().quality == CLOCK_WRONG
    found = UNKNOWN if doubtful else opening(station.calendar, now)
    return DeskHours(
        state=found.state,
        until=t.clock(found.until) if found.until else "",
        opens=_opens(t, found.opens_at, now) if found.opens_at else "",
        clock_doubtful=doubtful,
        maintenance=station.policy.kiosk_maintenance or station.room.level is DiskLevel.FULL,
    )


def _opens(t: Translator, moment: datetime, now: datetime) -> str:
    clock = t.clock(moment)
    if moment.date() == now.astimezone(ZONE).date():
        return t("kiosk.hours.today", time=clock)
    return t("kiosk.hours.day", time=clock, day=t.weekday(moment.date()))


def hours_text(t: Translator, calendar: WorkingCalendar) -> str:
    """The sessions of a working day, for a paper to take home."""
    sessions = ", ".join(
        f"{first.strftime('%H:%M')}–{last.strftime('%H:%M')}"
        for first, last in calendar.weekday_hours
    )
    return t("kiosk.hours.week", sessions=sessions)
