"""The wait that is told: a range that behaves, or nothing."""

from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.waiting_time import (
    MAXIMUM_WAIT_S,
    MINIMUM_TURNS,
    PRIOR_TURN_S,
    STEP_MINUTES,
    Today,
    estimate,
    typical_turn,
)

STEADY = Today(turns_s=(300,) * 20, absent=0, counters=1)
TODAY = st.builds(
    Today,
    turns_s=st.lists(st.integers(0, 10_000), max_size=30).map(tuple),
    absent=st.integers(0, 30),
    counters=st.integers(0, 6),
)


def test_nothing_is_said_before_anything_was_measured() -> None:
    assert estimate(3, STEADY._replace(turns_s=(300,) * (MINIMUM_TURNS - 1))) is None
    assert estimate(3, STEADY._replace(counters=0)) is None
    assert estimate(3, STEADY._replace(turns_s=(300,) * MINIMUM_TURNS)) is not None


def test_nothing_is_said_beyond_three_hours() -> None:
    assert estimate(MAXIMUM_WAIT_S // 200, STEADY) is None


def test_a_steady_morning_is_told_closely() -> None:
    told = estimate(6, STEADY)
    assert told is not None
    assert told.least <= 6.5 * 5 <= told.most
    assert told.most - told.least <= 25


def test_people_who_do_not_come_shorten_the_wait_a_little_but_are_no_quick_turns() -> None:
    without = typical_turn(STEADY)
    with_absent = typical_turn(STEADY._replace(absent=10))
    as_turns = typical_turn(STEADY._replace(turns_s=(*STEADY.turns_s, *(20,) * 10)))
    assert as_turns.mean_s < with_absent.mean_s < without.mean_s
    assert with_absent.mean_s > 0.6 * 300


def test_a_forgotten_button_does_not_frighten_everybody() -> None:
    assert typical_turn(STEADY._replace(turns_s=(*STEADY.turns_s, 8 * 3600))).mean_s < 2 * 300


@given(TODAY, st.integers(0, 60))
def test_a_range_is_a_range_in_steps(today: Today, people: int) -> None:
    told = estimate(people, today)
    if told is None:
        return
    assert 0 <= told.least < told.most
    assert told.least % STEP_MINUTES == told.most % STEP_MINUTES == 0


@given(TODAY, st.integers(0, 60))
def test_more_people_never_shorten_it_and_more_counters_never_lengthen_it(
    today: Today, people: int
) -> None:
    here, more = estimate(people, today), estimate(people + 1, today)
    if here is not None and more is not None:
        assert more.most >= here.most
    helped = estimate(people, today._replace(counters=today.counters + 1))
    if here is not None and today.counters:
        assert helped is not None
        assert helped.most <= here.most


@given(st.lists(st.integers(20, 3600), min_size=1, max_size=30))
def test_the_average_lies_between_belief_and_measurement(turns: list[int]) -> None:
    measured = sum(turns) / len(turns)
    absent_free = typical_turn(Today(tuple(turns), 0, 1)).mean_s
    assert min(measured, PRIOR_TURN_S, 90) <= absent_free <= max(measured, PRIOR_TURN_S)
