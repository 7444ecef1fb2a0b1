"""At which times a visit can be booked.

Rules: a time is the beginning of a slot that lies whole within the desk's hours, is still to come
and is at most `ahead` days from today, as the station's chief decides; outside the days that the
calendar covers nothing can be booked. This module must not know clocks, nor how many places a slot
has.
"""

from datetime import date, datetime, timedelta
from typing import Final

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.opening_hours import sessions
from edge_node.domain.queue_rules import SLOT_MINUTES
from edge_node.domain.working_calendar import ZONE, WorkingCalendar

_SLOT: Final = timedelta(minutes=SLOT_MINUTES)


def times_of(
    calendar: WorkingCalendar, day: date, now: datetime, ahead: int
) -> tuple[datetime, ...]:
    """The times of a day that can be booked at `now` (aware), in order; local, +07:00."""
    today = now.astimezone(ZONE).date()
    if not today <= day <= today + timedelta(days=ahead):
        return ()
    try:
        hours = sessions(calendar, day)
    except DomainError:
        return ()
    found: list[datetime] = []
    for first, last in hours:
        while first + _SLOT <= last:
            found.append(first)
            first += _SLOT  # noqa: PLW2901 - the next slot of this session
    return tuple(one for one in found if one > now)


def check_time(calendar: WorkingCalendar, wanted: datetime, now: datetime, ahead: int) -> None:
    """Whether an aware moment can be booked. Raises DomainError(APPOINTMENT_TIME)."""
    # Far years cannot be moved to another zone: they are ruled out first.
    near = now < wanted < now + timedelta(days=ahead + 1)
    if not near or wanted not in times_of(calendar, wanted.astimezone(ZONE).date(), now, ahead):
        raise DomainError(ErrorCode.APPOINTMENT_TIME, days=ahead)


def days_ahead(calendar: WorkingCalendar, now: datetime, ahead: int) -> tuple[date, ...]:
    """The days with a time that can be booked at `now` (aware), in order."""
    today = now.astimezone(ZONE).date()
    days = (today + timedelta(days=number) for number in range(ahead + 1))
    return tuple(day for day in days if times_of(calendar, day, now, ahead))
