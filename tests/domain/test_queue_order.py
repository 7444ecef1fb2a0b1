"""Call order: arrival, priority 1:2, the quick lane, bookings; nobody starves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.queue_order import (
    APPOINTMENT_ALLOWANCE_S,
    APPOINTMENT_GRACE_S,
    ORDINARY_PER_PRIORITY,
    QUICK_IN_A_ROW,
    CallReason,
    Choice,
    CounterRule,
    PastCall,
    Waiting,
    choose,
    expected_order,
    in_order,
    place_s,
)

ALL = CounterRule()
NOW_S = 100_000


def person(number: int, **changes: Any) -> Waiting:
    one = Waiting(ticket_id=number, service_id="residence", arrived_s=number * 60)
    return one._replace(**changes)


def drain(waiting: list[Waiting], rule: CounterRule = ALL) -> list[Choice]:
    """What one counter calls until nobody is left."""
    left, past, made = list(waiting), list[PastCall](), list[Choice]()
    while (choice := choose(left, "1", rule, past, NOW_S)) is not None:
        one = next(one for one in left if one.ticket_id == choice.ticket_id)
        left.remove(one)
        past.insert(0, PastCall(one.service_id, "1", choice.reason, one.priority))
        made.append(choice)
    return made


def test_the_order_is_that_of_arrival() -> None:
    made = drain([person(3), person(1), person(2)])
    assert [one.ticket_id for one in made] == [1, 2, 3]
    assert {one.reason for one in made} == {CallReason.ORDER}
    assert all(one.passed == () for one in made)


def test_priority_comes_after_every_two_others() -> None:
    made = drain([person(n) for n in range(1, 7)] + [person(n, priority=True) for n in (8, 9, 10)])
    assert [one.ticket_id for one in made] == [8, 1, 2, 9, 3, 4, 10, 5, 6]
    assert made[0].reason is CallReason.PRIORITY
    assert made[0].passed == (1, 2, 3, 4, 5, 6)


def test_only_priority_waits_for_nothing() -> None:
    made = drain([person(n, priority=True) for n in (1, 2, 3)])
    assert [one.ticket_id for one in made] == [1, 2, 3]


def test_a_counter_calls_its_services_only() -> None:
    waiting = [person(1, service_id="vehicles"), person(2)]
    choice = choose(waiting, "1", CounterRule(frozenset({"residence"})), [], NOW_S)
    assert choice == Choice(2, CallReason.ORDER, ())
    assert choose(waiting[:1], "1", CounterRule(frozenset({"residence"})), [], NOW_S) is None


def test_who_was_sent_to_a_counter_is_called_there_only() -> None:
    waiting = [person(1, counter="3"), person(2)]
    first = choose(waiting, "2", ALL, [], NOW_S)
    assert first is not None
    assert first.ticket_id == 2
    there = choose(waiting, "3", CounterRule(frozenset({"vehicles"})), [], NOW_S)
    assert there is not None
    assert there.ticket_id == 1


def test_a_quick_counter_takes_short_matters_first_but_not_for_ever() -> None:
    waiting = [person(1)] + [person(n, quick=True) for n in range(2, 7)]
    made = drain(waiting, CounterRule(quick=True))
    assert [one.ticket_id for one in made] == [2, 3, 4, 1, 5, 6]
    assert QUICK_IN_A_ROW == 3
    assert made[0].reason is CallReason.QUICK
    assert [one.ticket_id for one in drain(waiting)] == [1, 2, 3, 4, 5, 6]


def test_a_booking_counts_as_having_waited_half_an_hour_at_its_time() -> None:
    booked_s = 9 * 3600
    on_time = person(9, arrived_s=booked_s - 600, booked_s=booked_s)
    assert place_s(on_time) == booked_s - APPOINTMENT_ALLOWANCE_S
    late = on_time._replace(arrived_s=booked_s + APPOINTMENT_GRACE_S)
    assert place_s(late) == late.arrived_s - APPOINTMENT_ALLOWANCE_S
    too_late = on_time._replace(arrived_s=booked_s + APPOINTMENT_GRACE_S + 1)
    assert place_s(too_late) == too_late.arrived_s
    long_there = person(1, arrived_s=booked_s - APPOINTMENT_ALLOWANCE_S - 1)
    came_after = person(2, arrived_s=booked_s - APPOINTMENT_ALLOWANCE_S + 1)
    assert in_order([came_after, on_time, long_there]) == [long_there, on_time, came_after]
    choice = choose([came_after, on_time], "1", ALL, [], booked_s)
    assert choice == Choice(9, CallReason.APPOINTMENT, (2,))


def test_a_booking_is_not_called_before_its_time_while_others_wait() -> None:
    early = person(1, arrived_s=0, booked_s=NOW_S + 60)
    other = person(2, arrived_s=NOW_S - 1)
    assert choose([early, other], "1", ALL, [], NOW_S) == Choice(2, CallReason.ORDER, (1,))
    alone = choose([early], "1", ALL, [], NOW_S)
    assert alone is not None
    assert alone.ticket_id == 1


PEOPLE = st.lists(
    st.builds(
        Waiting,
        ticket_id=st.just(0),
        service_id=st.sampled_from(["residence", "identity"]),
        arrived_s=st.integers(0, 40_000),
        priority=st.booleans(),
        quick=st.booleans(),
        booked_s=st.none() | st.integers(0, 80_000),
        counter=st.just(""),
    ),
    max_size=14,
).map(lambda people: [one._replace(ticket_id=n) for n, one in enumerate(people, 1)])


@given(PEOPLE, st.sampled_from([CounterRule(), CounterRule(quick=True)]))
def test_everybody_is_called_once_and_priority_at_most_one_in_three(
    people: list[Waiting], rule: CounterRule
) -> None:
    by_id = {one.ticket_id: one for one in people}
    made = drain(people, rule)
    assert sorted(one.ticket_id for one in made) == sorted(by_id)
    left = set(by_id)
    ordinary_before = ORDINARY_PER_PRIORITY
    for choice in made:
        due = {n for n in left if (by_id[n].booked_s or 0) <= NOW_S}
        if by_id[choice.ticket_id].priority:
            others = [n for n in due if not by_id[n].priority]
            assert ordinary_before >= ORDINARY_PER_PRIORITY or not others
            ordinary_before = 0
        else:
            ordinary_before += 1
        left.remove(choice.ticket_id)


@given(PEOPLE)
def test_who_is_passed_over_came_earlier_and_a_reason_is_stated(people: list[Waiting]) -> None:
    by_id = {one.ticket_id: one for one in people}
    for choice in drain(people):
        chosen = by_id[choice.ticket_id]
        for earlier in choice.passed:
            assert by_id[earlier].arrived_s <= chosen.arrived_s
        plain = chosen.booked_s is None and not chosen.priority
        if choice.passed and plain:
            # Only somebody waiting for a turn (1:2) or for a booked time is passed without a word.
            assert all(by_id[n].priority or by_id[n].booked_s is not None for n in choice.passed)


@given(PEOPLE)
def test_priority_waits_for_two_others_at_most(people: list[Waiting]) -> None:
    by_id = {one.ticket_id: one for one in people}
    made = [by_id[one.ticket_id] for one in drain(people)]
    last = max((n for n, one in enumerate(made) if one.priority), default=-1)
    since = 0
    for one in made[: last + 1]:
        since = 0 if one.priority else since + 1
        assert since <= ORDINARY_PER_PRIORITY


@given(PEOPLE)
def test_the_order_told_is_the_order_called(people: list[Waiting]) -> None:
    assert expected_order(people, [], NOW_S) == [one.ticket_id for one in drain(people)]


@pytest.mark.parametrize("priority", [True, False])
def test_the_interleaving_looks_at_the_counters_own_services(*, priority: bool) -> None:
    past = [PastCall("vehicles", "2", CallReason.PRIORITY, priority=True)]
    waiting = [person(1), person(2, priority=priority)]
    choice = choose(waiting, "1", CounterRule(frozenset({"residence"})), past, NOW_S)
    assert choice is not None
    assert choice.ticket_id == (2 if priority else 1)
