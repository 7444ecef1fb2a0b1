"""Marks of due dates and the first list of a role."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.dossier import CLOCK_STOPPED, DossierState
from edge_node.domain.officer import Role
from edge_node.domain.worklist import MARKS, NO_DEADLINE, Mark, WorkList, first_list, mark

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, Mark.OVERDUE), (0, Mark.TODAY), (1, Mark.SOON), (2, Mark.IN_TIME)],
)
def test_a_due_date_has_the_mark_of_its_distance(days: int, expected: Mark) -> None:
    due = TODAY + timedelta(days=days)
    assert mark(DossierState.RECEIVED, due, TODAY) is expected


@given(st.sampled_from(sorted(CLOCK_STOPPED)), st.integers(-99, 99))
def test_a_stopped_clock_is_never_overdue(state: DossierState, days: int) -> None:
    assert mark(state, TODAY + timedelta(days=days), TODAY) is Mark.PAUSED


@given(st.sampled_from(sorted(NO_DEADLINE)), st.integers(-99, 99))
def test_what_is_over_has_no_mark(state: DossierState, days: int) -> None:
    assert mark(state, TODAY + timedelta(days=days), TODAY) is None


def test_every_mark_is_a_list_of_its_own() -> None:
    assert sorted(MARKS.values()) == sorted(Mark)


def test_a_chief_begins_with_what_is_late() -> None:
    assert first_list((Role.CHIEF, Role.OFFICER)) is WorkList.OVERDUE
    assert first_list((Role.OFFICER,)) is WorkList.TO_RECEIVE
