"""Life cycles as tables: one mapping from (state, action) to the next state, nothing else.

Rules: what is not in the table is refused; a refusal names the state and the action.
This module must not know what the states mean.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from edge_node.domain.errors import DomainError, ErrorCode

State = TypeVar("State", bound=StrEnum)
Step = TypeVar("Step", bound=StrEnum)


def advance(table: Mapping[tuple[State, Step], State], state: State, action: Step) -> State:
    """The next state. Raises DomainError(ACTION_NOT_ALLOWED, state=…, action=…)."""
    following = table.get((state, action))
    if following is None:
        raise DomainError(ErrorCode.ACTION_NOT_ALLOWED, state=state.value, action=action.value)
    return following


def allowed(table: Mapping[tuple[State, Step], State], state: State) -> tuple[Step, ...]:
    """The actions possible in a state, in the order of the table."""
    return tuple(step for source, step in table if source is state)
