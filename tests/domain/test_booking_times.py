"""Only whole slots of the desk's hours ahead can be booked."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.data import read_release
from edge_node.domain.booking_times import check_time, days_ahead, times_of
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.opening_hours import sessions
from edge_node.domain.queue_rules import BOOKING_DAYS_AHEAD as AHEAD
from edge_node.domain.queue_rules import SLOT_MINUTES
from edge_node.domain.working_calendar import ZONE, read_calendar

CALENDAR = read_calendar(read_release()["calendar.json"])
MONDAY = datetime(2026, 11, 23, 8, 42, tzinfo=ZONE)
SLOT = timedelta(minutes=SLOT_MINUTES)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(  # noqa: DTZ001 - made aware
        lambda one: one.replace(tzinfo=ZONE)
    ),
    ahead=st.integers(-2, 40),
    limit=st.integers(1, 38),
)
def test_every_time_is_a_whole_slot_ahead(now: datetime, ahead: int, limit: int) -> None:
    day = now.date() + timedelta(days=ahead)
    times = times_of(CALENDAR, day, now, limit)
    assert list(times) == sorted(set(times))
    assert not times or 0 <= ahead <= limit
    for one in times:
        assert one > now
        assert any(first <= one and one + SLOT <= last for first, last in sessions(CALENDAR, day))
        check_time(CALENDAR, one.astimezone(UTC), now, limit)


def test_days_off_and_days_beyond_the_calendar_have_no_times() -> None:
    holiday = next(one.date for one in CALENDAR.holidays if one.date > MONDAY.date())
    assert times_of(CALENDAR, holiday, MONDAY, AHEAD) == ()
    last = datetime.combine(CALENDAR.last_day, MONDAY.timetz())
    assert times_of(CALENDAR, CALENDAR.last_day + timedelta(days=1), last, AHEAD) == ()
    days = days_ahead(CALENDAR, MONDAY, AHEAD)
    assert days[0] == MONDAY.date()
    assert holiday not in days
    assert days_ahead(CALENDAR, last + timedelta(days=1), AHEAD) == ()


@pytest.mark.parametrize(
    "wanted",
    [
        MONDAY,
        MONDAY + timedelta(minutes=17),
        MONDAY + timedelta(minutes=18, seconds=1),
        datetime(2026, 11, 23, 12, 0, tzinfo=ZONE),
        datetime.combine(date(2026, 11, 25) + timedelta(days=60), MONDAY.timetz()),
        datetime.min.replace(tzinfo=ZONE),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_other_times_are_refused(wanted: datetime) -> None:
    check_time(CALENDAR, MONDAY + timedelta(minutes=18), MONDAY, AHEAD)
    with pytest.raises(DomainError) as caught:
        check_time(CALENDAR, wanted, MONDAY, AHEAD)
    assert caught.value.code is ErrorCode.APPOINTMENT_TIME


def test_the_limit_is_the_last_day_that_can_be_booked() -> None:
    last = MONDAY.date() + timedelta(days=3)
    assert days_ahead(CALENDAR, MONDAY, 3)[-1] == last
    wanted = times_of(CALENDAR, last, MONDAY, 3)[-1]
    check_time(CALENDAR, wanted, MONDAY, 3)
    with pytest.raises(DomainError) as caught:
        check_time(CALENDAR, wanted, MONDAY, 2)
    assert caught.value.params == {"days": 2}
