"""Whether the desk is open now, until when, and when it opens next.

Rules: weekdays that are worked have two sessions with a break between; a Saturday that is not a
holiday has its reception hours; outside the days the calendar covers nothing is known, and nothing
is guessed. Being closed is something to say, never a reason to refuse a citizen.
This module must not know clocks, words or screens.
"""

from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias

from edge_node.domain.errors import DomainError
from edge_node.domain.working_calendar import SATURDAY, ZONE, WorkingCalendar

CLOSING_SOON: Final = timedelta(minutes=30)
"""From here on the first screen says that the session ends."""

FURTHEST_OPENING: Final = timedelta(days=30)
"""How far ahead the next opening is looked for: longer than any holiday."""

_DAY: Final = timedelta(days=1)

State: TypeAlias = Literal["open", "closing", "closed", "unknown"]
Session: TypeAlias = tuple[datetime, datetime]


class Opening(NamedTuple):
    """`until`: end of the session under way; `opens_at`: the next beginning, if known."""

    state: State
    until: datetime | None = None
    opens_at: datetime | None = None


UNKNOWN: Final = Opening("unknown")


def sessions(calendar: WorkingCalendar, day: date) -> tuple[Session, ...]:
    """The hours of one day, in order. Raises DomainError(DEADLINE_BEYOND_CALENDAR)."""
    if calendar.is_working_day(day):
        hours = calendar.weekday_hours
    elif day.weekday() == SATURDAY and not calendar.is_day_off(day):
        hours = calendar.saturday_reception_hours
    else:
        hours = ()
    return tuple(
        (datetime.combine(day, first, ZONE), datetime.combine(day, last, ZONE))
        for first, last in hours
    )


def opening(calendar: WorkingCalendar, now: datetime) -> Opening:
    """How the desk stands at an aware moment."""
    local = now.astimezone(ZONE)
    try:
        today = sessions(calendar, local.date())
    except DomainError:
        return UNKNOWN
    for first, last in today:
        if first <= local < last:
            state: State = "closing" if last - local <= CLOSING_SOON else "open"
            return Opening(state, last, _next(calendar, last))
    return Opening("closed", None, _next(calendar, local))


def _next(calendar: WorkingCalendar, moment: datetime) -> datetime | None:
    """The first beginning at or after a moment; None when the calendar does not reach that far."""
    day = moment.date()
    try:
        while day <= moment.date() + FURTHEST_OPENING:
            for first, _ in sessions(calendar, day):
                if first >= moment:
                    return first
            day += _DAY
    except DomainError:
        return None
    return None
