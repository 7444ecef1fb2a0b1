"""When a result is due.

Rules (Civil Code 2015, Articles 147 and 148): the day of receipt is not counted; a period that ends
on a day off ends on the next working day. A day-based limit is due at the close of its last day.
What is received after the cut-off, or on a day nobody works, counts as received when the next
working day opens. No rule was found for Saturday mornings: the caller chooses.
This module must not know procedures, dossiers or the present time.
"""

from datetime import datetime, time, timedelta
from typing import Literal

from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.domain.procedure import TimeLimit
from edge_node.domain.working_calendar import (
    SATURDAY,
    ZONE,
    WorkingCalendar,
    read_calendar,
)

__all__ = ["SaturdayReception", "WorkingCalendar", "due", "postpone", "read_calendar"]

SaturdayReception = Literal["count_from_saturday", "treat_as_monday"]


def due(
    received_at: datetime,
    limit: TimeLimit,
    calendar: WorkingCalendar,
    *,
    cut_off: time | None = None,
    saturday_reception: SaturdayReception = "count_from_saturday",
) -> datetime:
    """The moment (+07:00) a result is due; an immediate one is due when it is received.

    Raises DomainError: DEADLINE_BEYOND_CALENDAR when the calendar does not reach that far,
    DEADLINE_TIME_ZONE for a time without zone.
    """
    if received_at.tzinfo is None:
        raise DomainError(ErrorCode.DEADLINE_TIME_ZONE, fault=Fault.STATION)
    received = received_at.astimezone(ZONE)
    if limit.unit == "immediate":
        return received
    start = _counted_from(received, calendar, cut_off, saturday_reception)
    match limit.unit:
        case "working_days":
            day = start.date()
            for _ in range(limit.value):
                day = calendar.working_day_after(day)
            return calendar.closing(day)
        case "days":
            last = start.date() + timedelta(days=limit.value)
            return calendar.closing(calendar.working_day_from(last))
        case "working_hours":
            return _add_working_time(start, timedelta(hours=limit.value), calendar)
        case "half_working_days":
            return _add_working_time(start, calendar.day_length() / 2 * limit.value, calendar)


def postpone(
    due_at: datetime, stopped_at: datetime, resumed_at: datetime, calendar: WorkingCalendar
) -> datetime:
    """A due moment moved by the working time the clock stood still.

    Waiting for the citizen's supplement or payment is subtracted (Quyết định 766/QĐ-TTg).
    """
    stopped = stopped_at.astimezone(ZONE)
    waited = _working_time(stopped, resumed_at.astimezone(ZONE), calendar)
    return _add_working_time(due_at.astimezone(ZONE), waited, calendar)


def _counted_from(
    received: datetime,
    calendar: WorkingCalendar,
    cut_off: time | None,
    saturday_reception: SaturdayReception,
) -> datetime:
    """The moment that counts as the receipt: the real one, or a later opening."""
    day = received.date()
    if calendar.is_working_day(day):
        in_time = cut_off is None or received.time() <= cut_off
        return received if in_time else calendar.opening(calendar.working_day_after(day))
    if (
        saturday_reception == "count_from_saturday"
        and day.weekday() == SATURDAY
        and not calendar.is_day_off(day)
        and (cut_off is None or received.time() <= cut_off)
    ):
        return received
    return calendar.opening(calendar.working_day_after(day))


def _add_working_time(start: datetime, duration: timedelta, calendar: WorkingCalendar) -> datetime:
    """The moment when the duration has been worked; an end at a break is before the break."""
    day = calendar.working_day_from(start.date())
    moment = start
    while True:
        for begin, end in calendar.intervals(day):
            moment = max(moment, begin)
            if moment > end:
                continue
            if moment + duration <= end:
                return moment + duration
            duration -= end - moment
        day = calendar.working_day_after(day)


def _working_time(start: datetime, end: datetime, calendar: WorkingCalendar) -> timedelta:
    worked = timedelta()
    day = calendar.working_day_from(start.date())
    while day <= end.date():
        for opening, closing in calendar.intervals(day):
            worked += max(timedelta(), min(closing, end) - max(opening, start))
        day = calendar.working_day_after(day)
    return worked
