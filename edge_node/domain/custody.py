"""Who may say what about a dossier, and what the city's word does to its state.

Rules: until an officer has received a dossier the station alone decides, and the city's word must
be a step of the life cycle's table; from then on the city decides and its later word wins; what
only the station can know (the citizen handed papers in, the result is in the citizen's hands)
is never undone from outside.
This module must not know how the city's word came or where it is kept.
"""

from edge_node.domain.dossier import TRANSITIONS, Action, DossierState
from edge_node.domain.errors import DomainError, ErrorCode

STATION_FACTS = frozenset({DossierState.SUBMITTED, DossierState.SUPPLIED})
"""States that only somebody at the station can bring about."""


def after_decision(state: DossierState, told: DossierState, *, received: bool) -> DossierState:
    """The state once the city told `told`; `received`: an officer has received the dossier.

    Raises DomainError(ACTION_NOT_ALLOWED, state=…, action=…).
    """
    if state is DossierState.HANDED_OVER or state is told:
        return state
    step = any(TRANSITIONS.get((state, action)) is told for action in Action)
    if step or (received and told not in STATION_FACTS):
        return told
    raise DomainError(ErrorCode.ACTION_NOT_ALLOWED, state=state.value, action=told.value)


def is_conflict(state: DossierState, told: DossierState) -> bool:
    """Whether the city's word is no step from where the counter has the dossier."""
    if state in {told, DossierState.HANDED_OVER}:
        return False
    return all(TRANSITIONS.get((state, action)) is not told for action in Action)


def after_result(state: DossierState, *, received: bool) -> DossierState:
    """The state once the result is at the station to be handed over. Raises as above."""
    return after_decision(state, DossierState.FINISHED, received=received)
