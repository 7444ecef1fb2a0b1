"""Which day is promised.

Rules: no date is guessed where the catalogue or the calendar has none; a day typed by a person is
not over yet and not years away.
"""

from datetime import date, datetime, time, timedelta
from typing import Final

from edge_node.domain import deadline
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.procedure import Procedure
from edge_node.store.unit_of_work import Moment
from edge_node.usecases.station import Station

LONGEST_WAIT: Final = timedelta(days=366)
"""No date further away is meant: a year was typed wrong."""


def due_text(station: Station, procedure: Procedure, moment: Moment) -> str:
    """When the result is due if the clock starts now, ISO 8601.

    Empty when the catalogue has no limit or no calendar for these days (a clock that is wrong by
    years): the officer then writes the date on the slip by hand.
    """
    if procedure.time_limit is None:
        return ""
    policy = station.policy
    try:
        due_at = deadline.due(
            moment.now,
            procedure.time_limit,
            station.calendar,
            cut_off=time.fromisoformat(policy.cut_off) if policy.cut_off else None,
            saturday_reception=policy.saturday_reception,
        )
    except DomainError as error:
        if error.code is not ErrorCode.DEADLINE_BEYOND_CALENDAR:
            raise
        return ""
    return due_at.isoformat(timespec="minutes")


def read_day(value: str, today: date) -> str:
    """A day not yet over, as `yyyy-mm-dd`; typed so or as `d/m/yyyy`. Raises DATE_INVALID."""
    day = read_any_day(value)
    if not today <= day <= today + LONGEST_WAIT:
        raise DomainError(ErrorCode.DATE_INVALID)
    return day.isoformat()


def read_any_day(value: str) -> date:
    """A day as a person types it: `yyyy-mm-dd` or `d/m/yyyy`. Raises DATE_INVALID."""
    try:
        if "-" in value:
            return date.fromisoformat(value)
        return datetime.strptime(value, "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise DomainError(ErrorCode.DATE_INVALID) from None
