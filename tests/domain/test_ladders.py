"""What every ladder must hold, for each one and for every pair of state and action."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import pytest

from edge_node.domain import ladder
from edge_node.domain.dossier import TRANSITIONS, Action, DossierState
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.ladder import State, Step
from edge_node.domain.payment import PAYMENT_TRANSITIONS, PaymentAction, PaymentState
from edge_node.domain.ticket import TICKET_TRANSITIONS, TicketAction, TicketState

Table = Mapping[tuple[StrEnum, StrEnum], StrEnum]


def general(table: Mapping[tuple[State, Step], State]) -> Table:
    """The same table with its own types forgotten."""
    return {(source, action): target for (source, action), target in table.items()}


class Ladder(NamedTuple):
    table: Table
    states: type[StrEnum]
    actions: type[StrEnum]
    initial: StrEnum
    final: frozenset[StrEnum]


LADDERS = {
    "dossier": Ladder(
        general(TRANSITIONS),
        DossierState,
        Action,
        DossierState.SUBMITTED,
        frozenset(
            {
                DossierState.REFUSED,
                DossierState.WITHDRAWN,
                DossierState.STOPPED,
                DossierState.HANDED_OVER,
            }
        ),
    ),
    "ticket": Ladder(
        general(TICKET_TRANSITIONS),
        TicketState,
        TicketAction,
        TicketState.WAITING,
        frozenset({TicketState.SERVED, TicketState.CANCELLED}),
    ),
    "payment": Ladder(
        general(PAYMENT_TRANSITIONS),
        PaymentState,
        PaymentAction,
        PaymentState.DUE,
        frozenset({PaymentState.REFUNDED}),
    ),
}
PAIRS = [
    pytest.param(subject, state, action, id=f"{name}-{state}-{action}")
    for name, subject in LADDERS.items()
    for state in subject.states
    for action in subject.actions
]


@pytest.mark.parametrize(("subject", "state", "action"), PAIRS)
def test_every_pair_is_in_the_table_or_refused_by_name(
    subject: Ladder, state: StrEnum, action: StrEnum
) -> None:
    expected = subject.table.get((state, action))
    if expected is not None:
        assert ladder.advance(subject.table, state, action) is expected
        assert action in ladder.allowed(subject.table, state)
        return
    with pytest.raises(DomainError) as caught:
        ladder.advance(subject.table, state, action)
    assert caught.value.code is ErrorCode.ACTION_NOT_ALLOWED
    assert caught.value.params == {"state": state.value, "action": action.value}
    assert action not in ladder.allowed(subject.table, state)


def reachable(table: Table, start: StrEnum) -> set[StrEnum]:
    seen = {start}
    waiting = [start]
    while waiting:
        state = waiting.pop()
        for (source, _action), target in table.items():
            if source is state and target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


@pytest.mark.parametrize("name", LADDERS)
def test_every_state_can_be_reached_and_every_action_used(name: str) -> None:
    subject = LADDERS[name]
    assert reachable(subject.table, subject.initial) == set(subject.states)
    assert {action for _state, action in subject.table} == set(subject.actions)


@pytest.mark.parametrize("name", LADDERS)
def test_every_life_can_end_and_only_where_it_should(name: str) -> None:
    subject = LADDERS[name]
    ends = {state for state in subject.states if not ladder.allowed(subject.table, state)}
    assert ends == subject.final
    for state in subject.states:
        assert reachable(subject.table, state) & ends


def test_a_lost_state_would_be_seen() -> None:
    """The negative control: without its way in, a state is not reachable."""
    table = {key: to for key, to in TRANSITIONS.items() if to is not DossierState.PAUSED}
    assert DossierState.PAUSED not in reachable(general(table), DossierState.SUBMITTED)
