"""The desk's hours: sessions, break, Saturday, holidays, and the end of the calendar."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.data import read_release
from edge_node.domain.opening_hours import CLOSING_SOON, UNKNOWN, opening, sessions
from edge_node.domain.working_calendar import ZONE, read_calendar

CALENDAR = read_calendar(read_release()["calendar.json"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "state", "until", "opens_at"),
    [
        ("2026-11-23 08:42", "open", "2026-11-23 11:30", "2026-11-23 13:00"),
        ("2026-11-23 07:29:59", "closed", "", "2026-11-23 07:30"),
        ("2026-11-23 07:30", "open", "2026-11-23 11:30", "2026-11-23 13:00"),
        ("2026-11-23 10:59:59", "open", "2026-11-23 11:30", "2026-11-23 13:00"),
        ("2026-11-23 11:00", "closing", "2026-11-23 11:30", "2026-11-23 13:00"),
        ("2026-11-23 11:30", "closed", "", "2026-11-23 13:00"),
        # Tuesday 24/11 is a day off.
        ("2026-11-23 17:00", "closed", "", "2026-11-25 07:30"),
        ("2026-11-24 09:00", "closed", "", "2026-11-25 07:30"),
        ("2026-11-28 09:00", "open", "2026-11-28 11:30", "2026-11-30 07:30"),
        ("2026-11-29 09:00", "closed", "", "2026-11-30 07:30"),
    ],
)
def test_the_hours_of_the_desk(now: str, state: str, until: str, opens_at: str) -> None:
    found = opening(CALENDAR, at(now))
    assert found.state == state
    assert found.until == (at(until) if until else None)
    assert found.opens_at == (at(opens_at) if opens_at else None)


def test_nothing_is_guessed_beyond_the_calendar() -> None:
    assert opening(CALENDAR, at("1970-01-01 08:00")) == UNKNOWN
    assert opening(CALENDAR, at("2030-01-01 08:00")) == UNKNOWN
    assert opening(CALENDAR, at("2027-12-31 18:00")).opens_at is None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 11, 1)))  # noqa: DTZ001 - made aware below
def test_what_is_said_agrees_with_the_sessions(naive: datetime) -> None:
    now = naive.replace(tzinfo=ZONE)
    found = opening(CALENDAR, now)
    inside = any(first <= now < last for first, last in sessions(CALENDAR, now.date()))
    assert (found.state in ("open", "closing")) is inside
    assert found.opens_at is not None
    assert found.opens_at >= now
    assert opening(CALENDAR, found.opens_at).state == "open"
    if found.until is not None:
        assert (found.state == "closing") is (found.until - now <= CLOSING_SOON)


def test_a_day_off_has_no_hours() -> None:
    assert sessions(CALENDAR, date(2026, 11, 24)) == ()
    first, last = sessions(CALENDAR, date(2026, 11, 23))[0]
    assert last - first == timedelta(hours=4)
