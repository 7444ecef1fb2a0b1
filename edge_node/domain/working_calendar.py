"""The working calendar: which days and hours the office works, as a release of the catalogue says.

Rules: Monday to Friday less holidays, plus the Saturdays the government swaps in; outside the days
the calendar covers nothing is known and nothing is guessed. A holiday may be marked uncertain: it
counts as a day off, and whoever prints a date across it can say so.
This module must not know today's date, nor time limits.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.domain.release import CatalogueError, decode_file

CALENDAR = "calendar.json"
ZONE = timezone(timedelta(hours=7))
SATURDAY = 5
_DAY = timedelta(days=1)

Hours = tuple[tuple[time, time], ...]


class Holiday(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day off; `uncertain` says what is not decided or not known about it."""

    date: date
    name_vi: str
    name_en: str
    uncertain: str = ""


class _Hours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    weekday: tuple[tuple[str, str], ...]
    saturday_reception: tuple[tuple[str, str], ...]


class _Calendar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    first_day: date
    last_day: date
    hours: _Hours
    holidays: tuple[Holiday, ...]
    working_saturdays: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCalendar:
    """Days and hours of one office; times are local (+07:00), days inclusive."""

    first_day: date
    last_day: date
    holidays: tuple[Holiday, ...]
    working_saturdays: frozenset[date]
    weekday_hours: Hours
    saturday_reception_hours: Hours
    _days_off: frozenset[date] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_days_off", frozenset(h.date for h in self.holidays))

    def is_working_day(self, day: date) -> bool:
        """Whether the office works. Raises DomainError(DEADLINE_BEYOND_CALENDAR)."""
        if not self.first_day <= day <= self.last_day:
            raise DomainError(ErrorCode.DEADLINE_BEYOND_CALENDAR, fault=Fault.CITY, day=str(day))
        if day in self._days_off:
            return False
        return day.weekday() < SATURDAY or day in self.working_saturdays

    def is_day_off(self, day: date) -> bool:
        """Whether the day is a holiday, whatever the weekday."""
        return day in self._days_off

    def working_day_from(self, day: date) -> date:
        """The day itself if worked, else the next worked one."""
        while not self.is_working_day(day):
            day += _DAY
        return day

    def working_day_after(self, day: date) -> date:
        """The first worked day after the day."""
        return self.working_day_from(day + _DAY)

    def opening(self, day: date) -> datetime:
        """When a worked day begins."""
        return datetime.combine(day, self.weekday_hours[0][0], ZONE)

    def closing(self, day: date) -> datetime:
        """When a worked day ends."""
        return datetime.combine(day, self.weekday_hours[-1][1], ZONE)

    def intervals(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The stretches of work of a worked day."""
        return tuple(
            (datetime.combine(day, begin, ZONE), datetime.combine(day, end, ZONE))
            for begin, end in self.weekday_hours
        )

    def day_length(self) -> timedelta:
        """The working time of a whole day."""
        on_a_day = self.intervals(self.first_day)
        return sum((end - begin for begin, end in on_a_day), timedelta())

    def uncertain_days(self, first: date, last: date) -> tuple[Holiday, ...]:
        """Holidays in the days from first to last that are not certain."""
        return tuple(h for h in self.holidays if h.uncertain and first <= h.date <= last)


def read_calendar(data: bytes) -> WorkingCalendar:
    """The calendar of `calendar.json`. Raises CatalogueError naming the place."""
    raw = decode_file(CALENDAR, data, _Calendar)
    if raw.last_day < raw.first_day:
        raise CatalogueError(f"{CALENDAR}: last_day", "before_first_day")
    previous = date.min
    for index, holiday in enumerate(raw.holidays):
        place = f"{CALENDAR}: holidays[{index}].date"
        if not raw.first_day <= holiday.date <= raw.last_day:
            raise CatalogueError(place, "outside_calendar", str(holiday.date))
        if holiday.date <= previous:
            raise CatalogueError(place, "order", str(holiday.date))
        previous = holiday.date
    holidays = {holiday.date for holiday in raw.holidays}
    for index, day in enumerate(raw.working_saturdays):
        if day.weekday() != SATURDAY or day in holidays:
            raise CatalogueError(f"{CALENDAR}: working_saturdays[{index}]", "not_a_free_saturday")
    return WorkingCalendar(
        first_day=raw.first_day,
        last_day=raw.last_day,
        holidays=raw.holidays,
        working_saturdays=frozenset(raw.working_saturdays),
        weekday_hours=_hours(f"{CALENDAR}: hours.weekday", raw.hours.weekday),
        saturday_reception_hours=_hours(
            f"{CALENDAR}: hours.saturday_reception", raw.hours.saturday_reception
        ),
    )


def _hours(place: str, raw: tuple[tuple[str, str], ...]) -> Hours:
    if not raw:
        raise CatalogueError(place, "empty")
    try:
        hours = tuple((time.fromisoformat(begin), time.fromisoformat(end)) for begin, end in raw)
    except ValueError as error:
        raise CatalogueError(place, "time", str(error)) from None
    flat = [moment for stretch in hours for moment in stretch]
    if any(moment.tzinfo is not None for moment in flat) or flat != sorted(set(flat)):
        raise CatalogueError(place, "order")
    return hours
