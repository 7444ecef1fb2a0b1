from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.data import read_release
from edge_node.domain.deadline import SaturdayReception, due, postpone, read_calendar
from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.domain.procedure import TimeLimit, TimeUnit
from edge_node.domain.working_calendar import ZONE, WorkingCalendar

CALENDAR = read_calendar(read_release()["calendar.json"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def limit(value: int, unit: TimeUnit) -> TimeLimit:
    return TimeLimit(value=value, unit=unit)


THREE_DAYS = limit(3, "working_days")


@pytest.mark.parametrize(
    ("received", "allowed", "cut_off", "saturday", "expected"),
    [
        # Monday to Friday 07:30-11:30 and 13:00-17:00; Tuesday 24/11/2026 is a holiday.
        ("2026-11-20T10:00", THREE_DAYS, None, "count_from_saturday", "2026-11-26T17:00"),
        ("2026-11-20T16:30", THREE_DAYS, time(15), "count_from_saturday", "2026-11-27T17:00"),
        (
            "2026-11-23T14:00",
            limit(8, "working_hours"),
            None,
            "count_from_saturday",
            "2026-11-25T14:00",
        ),
        (
            "2026-11-23T09:00",
            limit(1, "half_working_days"),
            None,
            "count_from_saturday",
            "2026-11-23T14:30",
        ),
        ("2026-11-21T09:00", THREE_DAYS, None, "count_from_saturday", "2026-11-26T17:00"),
        ("2026-11-21T09:00", THREE_DAYS, None, "treat_as_monday", "2026-11-27T17:00"),
    ],
)
def test_the_worked_examples(
    received: str,
    allowed: TimeLimit,
    cut_off: time | None,
    saturday: SaturdayReception,
    expected: str,
) -> None:
    moment = due(at(received), allowed, CALENDAR, cut_off=cut_off, saturday_reception=saturday)
    assert moment == at(expected)
    assert moment.utcoffset() == timedelta(hours=7)


@pytest.mark.parametrize(
    ("received", "value", "unit", "expected"),
    [
        ("2026-11-20T10:00", 1, "working_days", "2026-11-23T17:00"),
        ("2026-11-20T18:30", 1, "working_days", "2026-11-23T17:00"),
        ("2026-11-22T10:00", 1, "working_days", "2026-11-25T17:00"),  # a Sunday
        ("2026-11-24T10:00", 1, "working_days", "2026-11-26T17:00"),  # a holiday
        ("2026-11-20T10:00", 1, "days", "2026-11-23T17:00"),  # ends on a Saturday
        ("2026-11-20T10:00", 4, "days", "2026-11-25T17:00"),  # ends on the holiday
        ("2026-11-20T10:00", 10, "days", "2026-11-30T17:00"),
        ("2026-11-20T10:00", 30, "days", "2026-12-21T17:00"),  # ends on a Sunday
        ("2026-02-13T10:00", 1, "working_days", "2026-02-23T17:00"),  # over Tết
        ("2026-11-23T16:00", 1, "working_hours", "2026-11-23T17:00"),  # to the very close
        ("2026-11-23T16:30", 1, "working_hours", "2026-11-25T08:00"),  # over the holiday
        ("2026-11-23T11:00", 1, "working_hours", "2026-11-23T13:30"),  # over lunch
        ("2026-11-23T12:00", 1, "working_hours", "2026-11-23T14:00"),  # received at lunch
        ("2026-11-23T06:00", 1, "working_hours", "2026-11-23T08:30"),  # before opening
        ("2026-11-23T20:00", 1, "working_hours", "2026-11-25T08:30"),  # after closing
        ("2026-11-22T10:00", 1, "working_hours", "2026-11-23T08:30"),  # a Sunday
        ("2026-11-20T07:30", 8, "working_hours", "2026-11-20T17:00"),
        ("2026-11-20T14:00", 1, "half_working_days", "2026-11-23T08:30"),
        ("2026-11-20T07:30", 2, "half_working_days", "2026-11-20T17:00"),
        ("2026-11-22T03:00", 0, "immediate", "2026-11-22T03:00"),
    ],
)
def test_every_unit_across_breaks_and_days_off(
    received: str, value: int, unit: TimeUnit, expected: str
) -> None:
    assert due(at(received), limit(value, unit), CALENDAR) == at(expected)


def test_the_cut_off_itself_is_still_in_time() -> None:
    in_time = due(at("2026-11-20T15:00"), THREE_DAYS, CALENDAR, cut_off=time(15))
    too_late = due(at("2026-11-20T15:00:01"), THREE_DAYS, CALENDAR, cut_off=time(15))
    assert (in_time.date(), too_late.date()) == (date(2026, 11, 26), date(2026, 11, 27))


def test_after_the_cut_off_working_hours_start_at_the_next_opening() -> None:
    moment = due(at("2026-11-23T15:30"), limit(8, "working_hours"), CALENDAR, cut_off=time(15))
    assert moment == at("2026-11-25T17:00")


def test_the_cut_off_holds_on_a_saturday_too() -> None:
    late = due(at("2026-11-21T11:15"), THREE_DAYS, CALENDAR, cut_off=time(11))
    assert late == at("2026-11-27T17:00")


def test_a_saturday_that_is_a_holiday_is_no_reception_day() -> None:
    closed = calendar_with(holidays=("2026-11-21", "2026-11-24"))
    assert due(at("2026-11-21T09:00"), THREE_DAYS, closed) == at("2026-11-27T17:00")


def test_hours_are_never_counted_on_a_reception_saturday() -> None:
    hours = limit(2, "working_hours")
    assert due(at("2026-11-21T09:00"), hours, CALENDAR) == at("2026-11-23T09:30")


def test_a_swapped_saturday_is_worked_and_its_monday_is_not() -> None:
    swapped = calendar_with(holidays=("2026-11-23", "2026-11-24"), saturdays=("2026-11-21",))
    assert due(at("2026-11-20T10:00"), limit(1, "working_days"), swapped) == at("2026-11-21T17:00")
    assert due(at("2026-11-20T10:00"), limit(2, "working_days"), swapped) == at("2026-11-25T17:00")
    assert due(at("2026-11-21T16:00"), limit(2, "working_hours"), swapped) == at("2026-11-25T08:30")


def test_another_zone_is_the_same_moment() -> None:
    here = at("2026-11-20T10:00")
    assert due(here.astimezone(UTC), THREE_DAYS, CALENDAR) == due(here, THREE_DAYS, CALENDAR)
    late_in_utc = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)  # Friday 03:00 here
    assert due(late_in_utc, limit(1, "working_days"), CALENDAR) == at("2026-11-23T17:00")


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(DomainError) as caught:
        due(at("2026-11-20T10:00").replace(tzinfo=None), THREE_DAYS, CALENDAR)
    assert caught.value.code is ErrorCode.DEADLINE_TIME_ZONE


@pytest.mark.parametrize("received", ["2025-12-31T10:00", "2027-12-30T10:00", "1970-01-01T07:00"])
def test_beyond_the_calendar_nothing_is_guessed(received: str) -> None:
    with pytest.raises(DomainError) as caught:
        due(at(received), THREE_DAYS, CALENDAR)
    assert caught.value.code is ErrorCode.DEADLINE_BEYOND_CALENDAR
    assert caught.value.fault is Fault.CITY


@pytest.mark.parametrize(
    ("stopped", "resumed", "expected"),
    [
        ("2026-11-20T10:00", "2026-11-20T11:00", "2026-11-27T08:30"),  # one hour
        ("2026-11-20T10:00", "2026-11-25T10:00", "2026-11-30T17:00"),  # two working days
        ("2026-11-20T17:30", "2026-11-23T07:00", "2026-11-26T17:00"),  # a weekend
        ("2026-11-20T12:00", "2026-11-20T12:30", "2026-11-26T17:00"),  # lunch
        ("2026-11-20T10:00", "2026-11-20T10:00", "2026-11-26T17:00"),  # no time at all
    ],
)
def test_waiting_for_the_citizen_is_given_back(stopped: str, resumed: str, expected: str) -> None:
    promised = at("2026-11-26T17:00")
    assert postpone(promised, at(stopped), at(resumed), CALENDAR) == at(expected)


def calendar_with(
    holidays: tuple[str, ...] = (), saturdays: tuple[str, ...] = ()
) -> WorkingCalendar:
    days_off = ",".join(f'{{"date":"{d}","name_vi":"x","name_en":"x"}}' for d in holidays)
    worked = ",".join(f'"{day}"' for day in saturdays)
    return read_calendar(
        f"""{{"first_day":"2026-11-01","last_day":"2026-12-31",
        "hours":{{"weekday":[["07:30","11:30"],["13:00","17:00"]],
                  "saturday_reception":[["07:30","11:30"]]}},
        "holidays":[{days_off}],"working_saturdays":[{worked}]}}""".encode()
    )


moments = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 - Hypothesis wants bare bounds
    datetime(2027, 6, 30),  # noqa: DTZ001
    timezones=st.just(ZONE),
)
limits = st.one_of(
    st.builds(limit, st.integers(1, 60), st.just("working_days")),
    st.builds(limit, st.integers(1, 120), st.just("days")),
    st.builds(limit, st.integers(1, 80), st.just("working_hours")),
    st.builds(limit, st.integers(1, 10), st.just("half_working_days")),
)
cut_offs = st.one_of(st.none(), st.times(time(8), time(17)))
saturdays = st.sampled_from(("count_from_saturday", "treat_as_monday"))


@given(moments, limits, cut_offs, saturdays)
def test_never_due_on_a_day_off_nor_outside_hours_nor_before_receipt(
    received: datetime, allowed: TimeLimit, cut_off: time | None, saturday: SaturdayReception
) -> None:
    moment = due(received, allowed, CALENDAR, cut_off=cut_off, saturday_reception=saturday)
    assert CALENDAR.is_working_day(moment.date())
    assert any(begin < moment <= end for begin, end in CALENDAR.intervals(moment.date()))
    assert moment > received


@given(moments, moments, limits, cut_offs, saturdays)
def test_who_comes_later_is_never_due_earlier(
    one: datetime,
    other: datetime,
    allowed: TimeLimit,
    cut_off: time | None,
    saturday: SaturdayReception,
) -> None:
    earlier, later = sorted((one, other))
    first = due(earlier, allowed, CALENDAR, cut_off=cut_off, saturday_reception=saturday)
    assert first <= due(later, allowed, CALENDAR, cut_off=cut_off, saturday_reception=saturday)


@given(moments, limits)
def test_more_time_is_never_due_earlier(received: datetime, allowed: TimeLimit) -> None:
    longer = limit(allowed.value + 1, allowed.unit)
    assert due(received, longer, CALENDAR) >= due(received, allowed, CALENDAR)


@given(moments, limits)
def test_a_cut_off_and_a_lost_saturday_never_shorten(
    received: datetime, allowed: TimeLimit
) -> None:
    plain = due(received, allowed, CALENDAR)
    assert due(received, allowed, CALENDAR, cut_off=time(12)) >= plain
    assert due(received, allowed, CALENDAR, saturday_reception="treat_as_monday") >= plain


@given(moments, st.integers(1, 200), st.timedeltas(timedelta(), timedelta(days=40)))
def test_a_postponed_result_is_due_in_working_time_and_not_earlier(
    received: datetime, hours: int, waited: timedelta
) -> None:
    promised = due(received, limit(hours, "working_hours"), CALENDAR)
    moved = postpone(promised, received, received + waited, CALENDAR)
    assert moved >= promised
    assert CALENDAR.is_working_day(moved.date())
