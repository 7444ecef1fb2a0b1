"""The life of a dossier: one table of states and actions, and the national status of each state.

Rules: the table is the whole truth; what is not in it is refused. National codes are the ten of the
one-stop integration catalogues; our finer states map onto them and never the other way.
This module must not know who acts, when, or where it is kept.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from edge_node.domain import ladder

# Quyết định 766/QĐ-TTg: a second request for supplement counts the dossier as late.
SUPPLEMENT_REQUESTS_WITHOUT_DELAY = 1


class DossierState(StrEnum):
    """Where a dossier stands."""

    SUBMITTED = "submitted"
    RECEIVED = "received"
    REFUSED = "refused"
    IN_PROCESS = "in_process"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    SUPPLIED = "supplied"
    PAYMENT_REQUESTED = "payment_requested"
    PAUSED = "paused"
    WITHDRAWAL_REQUESTED = "withdrawal_requested"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    FINISHED = "finished"
    HANDED_OVER = "handed_over"


class Action(StrEnum):
    """What a person does to a dossier."""

    RECEIVE = "receive"
    REFUSE = "refuse"
    REQUEST_SUPPLEMENT = "request_supplement"
    SUPPLY = "supply"
    PROCESS = "process"
    REQUEST_PAYMENT = "request_payment"
    SETTLE_PAYMENT = "settle_payment"
    PAUSE = "pause"
    RESUME = "resume"
    REQUEST_WITHDRAWAL = "request_withdrawal"
    DECLINE_WITHDRAWAL = "decline_withdrawal"
    WITHDRAW = "withdraw"
    STOP = "stop"
    EXTEND = "extend"
    START_CLOCK = "start_clock"
    TRANSFER = "transfer"
    TAKE_BACK = "take_back"
    FINISH = "finish"
    HAND_OVER = "hand_over"


_S = DossierState
_A = Action

TRANSITIONS: Mapping[tuple[DossierState, Action], DossierState] = MappingProxyType(
    {
        # Filed at the kiosk; nobody has looked at the papers yet.
        (_S.SUBMITTED, _A.RECEIVE): _S.RECEIVED,
        (_S.SUBMITTED, _A.REQUEST_SUPPLEMENT): _S.SUPPLEMENT_REQUESTED,
        (_S.SUBMITTED, _A.REFUSE): _S.REFUSED,
        (_S.SUBMITTED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.SUBMITTED, _A.STOP): _S.STOPPED,
        # The citizen owes papers. At the counter they are often handed in and received at once.
        (_S.SUPPLEMENT_REQUESTED, _A.SUPPLY): _S.SUPPLIED,
        (_S.SUPPLEMENT_REQUESTED, _A.RECEIVE): _S.RECEIVED,
        (_S.SUPPLEMENT_REQUESTED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.SUPPLEMENT_REQUESTED, _A.STOP): _S.STOPPED,
        # The papers are in; an officer has to look at them again.
        (_S.SUPPLIED, _A.RECEIVE): _S.RECEIVED,
        (_S.SUPPLIED, _A.REQUEST_SUPPLEMENT): _S.SUPPLEMENT_REQUESTED,
        (_S.SUPPLIED, _A.REFUSE): _S.REFUSED,
        (_S.SUPPLIED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.SUPPLIED, _A.STOP): _S.STOPPED,
        # Received with an appointment slip. Immediate procedures finish from here.
        (_S.RECEIVED, _A.PROCESS): _S.IN_PROCESS,
        (_S.RECEIVED, _A.REQUEST_SUPPLEMENT): _S.SUPPLEMENT_REQUESTED,
        (_S.RECEIVED, _A.REQUEST_PAYMENT): _S.PAYMENT_REQUESTED,
        (_S.RECEIVED, _A.REQUEST_WITHDRAWAL): _S.WITHDRAWAL_REQUESTED,
        (_S.RECEIVED, _A.STOP): _S.STOPPED,
        (_S.RECEIVED, _A.PAUSE): _S.PAUSED,
        (_S.RECEIVED, _A.EXTEND): _S.RECEIVED,
        (_S.RECEIVED, _A.START_CLOCK): _S.RECEIVED,
        (_S.RECEIVED, _A.TRANSFER): _S.IN_PROCESS,
        (_S.RECEIVED, _A.FINISH): _S.FINISHED,
        (_S.IN_PROCESS, _A.REQUEST_SUPPLEMENT): _S.SUPPLEMENT_REQUESTED,
        (_S.IN_PROCESS, _A.REQUEST_PAYMENT): _S.PAYMENT_REQUESTED,
        (_S.IN_PROCESS, _A.PAUSE): _S.PAUSED,
        (_S.IN_PROCESS, _A.REQUEST_WITHDRAWAL): _S.WITHDRAWAL_REQUESTED,
        (_S.IN_PROCESS, _A.STOP): _S.STOPPED,
        (_S.IN_PROCESS, _A.EXTEND): _S.IN_PROCESS,
        (_S.IN_PROCESS, _A.START_CLOCK): _S.IN_PROCESS,
        # The papers change hands; what they are about stays in process.
        (_S.IN_PROCESS, _A.TRANSFER): _S.IN_PROCESS,
        (_S.IN_PROCESS, _A.TAKE_BACK): _S.IN_PROCESS,
        (_S.IN_PROCESS, _A.FINISH): _S.FINISHED,
        (_S.PAYMENT_REQUESTED, _A.SETTLE_PAYMENT): _S.IN_PROCESS,
        (_S.PAYMENT_REQUESTED, _A.REQUEST_WITHDRAWAL): _S.WITHDRAWAL_REQUESTED,
        (_S.PAYMENT_REQUESTED, _A.STOP): _S.STOPPED,
        # Verification elsewhere: the days do not count.
        (_S.PAUSED, _A.RESUME): _S.IN_PROCESS,
        (_S.PAUSED, _A.TAKE_BACK): _S.PAUSED,
        (_S.PAUSED, _A.REQUEST_WITHDRAWAL): _S.WITHDRAWAL_REQUESTED,
        (_S.PAUSED, _A.STOP): _S.STOPPED,
        # A withdrawal counts only when it is granted.
        (_S.WITHDRAWAL_REQUESTED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.WITHDRAWAL_REQUESTED, _A.DECLINE_WITHDRAWAL): _S.IN_PROCESS,
        (_S.FINISHED, _A.TAKE_BACK): _S.FINISHED,
        (_S.FINISHED, _A.HAND_OVER): _S.HANDED_OVER,
    }
)

# SUPPLIED waits for an officer, not for the citizen: 1, never 5. PAUSED is still in process.
NATIONAL_STATUS: Mapping[DossierState, int] = MappingProxyType(
    {
        _S.SUBMITTED: 1,
        _S.SUPPLIED: 1,
        _S.RECEIVED: 2,
        _S.REFUSED: 3,
        _S.IN_PROCESS: 4,
        _S.PAUSED: 4,
        _S.SUPPLEMENT_REQUESTED: 5,
        _S.PAYMENT_REQUESTED: 6,
        _S.WITHDRAWAL_REQUESTED: 7,
        _S.WITHDRAWN: 8,
        _S.STOPPED: 8,
        _S.FINISHED: 9,
        _S.HANDED_OVER: 10,
    }
)

# While the dossier is in one of these the deadline does not run.
CLOCK_STOPPED: frozenset[DossierState] = frozenset(
    {_S.SUPPLEMENT_REQUESTED, _S.PAYMENT_REQUESTED, _S.PAUSED}
)


OPEN: frozenset[DossierState] = frozenset(DossierState) - {
    _S.REFUSED,
    _S.WITHDRAWN,
    _S.STOPPED,
    _S.FINISHED,
    _S.HANDED_OVER,
}
"""States in which something is still to be decided; a finished one only waits for its owner."""


def apply(state: DossierState, action: Action) -> DossierState:
    """The state after an action. Raises DomainError(ACTION_NOT_ALLOWED, state=…, action=…)."""
    return ladder.advance(TRANSITIONS, state, action)


def allowed_actions(state: DossierState) -> tuple[Action, ...]:
    """What may be done to a dossier in this state; empty for a final state."""
    return ladder.allowed(TRANSITIONS, state)
