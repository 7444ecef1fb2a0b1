"""The queue's day: midnight by running ends it, a clock that was set does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.queue_day import JUMP_MS, Look, OpenDay, advance_day, first_day, jumped

MONDAY, TUESDAY, WEDNESDAY = "2026-11-23", "2026-11-24", "2026-11-25"


def test_midnight_begins_a_new_day() -> None:
    day = advance_day(OpenDay(MONDAY), Look(TUESDAY, usable=True, jumped=False), issued=True)
    assert day == OpenDay(TUESDAY)


def test_a_clock_that_is_set_keeps_the_day_until_the_next_midnight() -> None:
    held = advance_day(OpenDay(MONDAY), Look(TUESDAY, usable=True, jumped=True), issued=True)
    assert held == OpenDay(MONDAY, TUESDAY)
    same = advance_day(held, Look(TUESDAY, usable=True, jumped=False), issued=True)
    assert same == held
    after = advance_day(same, Look(WEDNESDAY, usable=True, jumped=False), issued=True)
    assert after == OpenDay(WEDNESDAY)


def test_a_clock_set_twice_goes_on_holding() -> None:
    held = OpenDay(MONDAY, TUESDAY)
    again = advance_day(held, Look(WEDNESDAY, usable=True, jumped=True), issued=True)
    assert again == OpenDay(MONDAY, WEDNESDAY)


def test_a_clock_set_before_the_first_number_costs_nothing() -> None:
    day = advance_day(OpenDay(MONDAY), Look(TUESDAY, usable=True, jumped=True), issued=False)
    assert day == OpenDay(TUESDAY)


def test_a_wrong_clock_ends_no_day() -> None:
    look = Look("1970-01-02", usable=False, jumped=False)
    assert advance_day(OpenDay(MONDAY), look, issued=True) == OpenDay(MONDAY)


@pytest.mark.parametrize(
    ("look", "newest", "day"),
    [
        (Look(TUESDAY, usable=True, jumped=False), None, OpenDay(TUESDAY)),
        (Look(TUESDAY, usable=True, jumped=False), (MONDAY, MONDAY), OpenDay(TUESDAY)),
        (Look(TUESDAY, usable=True, jumped=False), (TUESDAY, TUESDAY), OpenDay(TUESDAY)),
        (Look(TUESDAY, usable=True, jumped=False), (MONDAY, TUESDAY), OpenDay(MONDAY, TUESDAY)),
        (Look("1970-01-01", usable=False, jumped=False), (MONDAY, MONDAY), OpenDay(MONDAY)),
    ],
)
def test_a_restart_finds_the_day_again(
    look: Look, newest: tuple[str, str] | None, day: OpenDay
) -> None:
    assert first_day(look, newest) == day


@pytest.mark.parametrize("passed_ms", [0, 1_000, 86_400_000])
def test_a_jump_is_more_than_the_limit(passed_ms: int) -> None:
    assert not jumped(passed_ms + JUMP_MS, passed_ms)
    assert jumped(passed_ms + JUMP_MS + 1, passed_ms)
    assert jumped(passed_ms - JUMP_MS - 1, passed_ms)


LOOKS = st.builds(
    Look,
    today=st.sampled_from([MONDAY, TUESDAY, WEDNESDAY, "1970-01-01"]),
    usable=st.booleans(),
    jumped=st.booleans(),
)


@given(st.lists(LOOKS, max_size=12))
def test_a_day_with_numbers_never_ends_at_a_jump(looks: list[Look]) -> None:
    day = OpenDay(MONDAY)
    for look in looks:
        after = advance_day(day, look, issued=True)
        if look.jumped or not look.usable:
            assert after.label == day.label
        day = after
