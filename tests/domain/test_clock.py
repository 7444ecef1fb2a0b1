"""Standstills are given back once, in working time; extensions are later; form 06 judges days."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.clock import (
    Punctuality,
    Standstill,
    check_extension,
    due_after,
    punctuality,
)
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.working_calendar import ZONE
from tests.domain.test_deadline import CALENDAR, at

DUE = at("2026-11-26T17:00")
moments = st.datetimes(
    datetime(2026, 3, 2),  # noqa: DTZ001 - Hypothesis wants bare bounds
    datetime(2026, 12, 31),  # noqa: DTZ001
    timezones=st.just(ZONE),
)
lengths = st.timedeltas(timedelta(), timedelta(days=20))
standstills = st.lists(
    st.builds(lambda start, length: Standstill(start, start + length), moments, lengths),
    max_size=4,
)


def still(start: str, end: str) -> Standstill:
    return Standstill(at(start), at(end))


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ([], "2026-11-26T17:00"),
        ([("2026-11-20T10:00", "2026-11-25T10:00")], "2026-11-30T17:00"),
        # The same two days in pieces, out of order, and told twice.
        (
            [
                ("2026-11-23T10:00", "2026-11-25T10:00"),
                ("2026-11-20T10:00", "2026-11-23T10:00"),
            ],
            "2026-11-30T17:00",
        ),
        (
            [
                ("2026-11-20T10:00", "2026-11-25T10:00"),
                ("2026-11-20T11:00", "2026-11-23T10:00"),
            ],
            "2026-11-30T17:00",
        ),
        ([("2026-11-20T17:30", "2026-11-23T07:00")], "2026-11-26T17:00"),
        # A stretch that ends before it began gives nothing back.
        ([("2026-11-25T10:00", "2026-11-20T10:00")], "2026-11-26T17:00"),
    ],
)
def test_standstills_by_example(stops: list[tuple[str, str]], expected: str) -> None:
    assert due_after(DUE, [still(*one) for one in stops], CALENDAR) == at(expected)


@given(standstills)
def test_standing_still_never_makes_a_promise_earlier(stops: list[Standstill]) -> None:
    assert due_after(DUE, stops, CALENDAR) >= DUE


@given(standstills)
def test_the_order_and_repetition_of_standstills_do_not_matter(stops: list[Standstill]) -> None:
    straight = due_after(DUE, stops, CALENDAR)
    assert due_after(DUE, stops[::-1] + stops, CALENDAR) == straight


@given(moments, lengths, st.floats(0, 1))
def test_a_standstill_in_two_pieces_counts_as_one(
    start: datetime, length: timedelta, share: float
) -> None:
    middle = start + length * share
    whole = due_after(DUE, [Standstill(start, start + length)], CALENDAR)
    pieces = [Standstill(start, middle), Standstill(middle, start + length)]
    assert due_after(DUE, pieces, CALENDAR) == whole


@given(standstills)
def test_a_promise_stays_within_working_hours(stops: list[Standstill]) -> None:
    moment = due_after(DUE, stops, CALENDAR)
    assert any(begin < moment <= end for begin, end in CALENDAR.intervals(moment.date()))


def test_an_extension_is_later_than_a_promise_that_was_made() -> None:
    check_extension(DUE, DUE + timedelta(minutes=1))
    for due, new, code in (
        (DUE, DUE, ErrorCode.EXTENSION_NOT_LATER),
        (None, DUE, ErrorCode.NO_DEADLINE),
    ):
        with pytest.raises(DomainError) as refused:
            check_extension(due, new)
        assert refused.value.code is code


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-25T23:59", Punctuality.BEFORE),
        ("2026-11-26T07:00", Punctuality.ON),
        ("2026-11-26T17:00", Punctuality.ON),
        ("2026-11-26T17:01", Punctuality.AFTER),
        ("2026-11-27T07:00", Punctuality.AFTER),
    ],
)
def test_before_on_and_after_the_day_promised(moment: str, expected: Punctuality) -> None:
    assert punctuality(at(moment), DUE) is expected


def test_nothing_promised_is_never_late() -> None:
    assert punctuality(at("2026-11-26T17:00"), None) is None
