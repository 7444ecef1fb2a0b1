import pytest

from edge_node.domain.dossier import (
    CLOCK_STOPPED,
    NATIONAL_STATUS,
    TRANSITIONS,
    Action,
    DossierState,
    allowed_actions,
    apply,
)
from edge_node.domain.errors import DomainError

S = DossierState
A = Action


def run(*actions: Action) -> DossierState:
    state = S.SUBMITTED
    for action in actions:
        state = apply(state, action)
    return state


@pytest.mark.parametrize(
    ("actions", "end", "national"),
    [
        ([], S.SUBMITTED, 1),
        ([A.RECEIVE], S.RECEIVED, 2),
        ([A.REFUSE], S.REFUSED, 3),
        ([A.RECEIVE, A.PROCESS], S.IN_PROCESS, 4),
        ([A.REQUEST_SUPPLEMENT], S.SUPPLEMENT_REQUESTED, 5),
        ([A.RECEIVE, A.REQUEST_PAYMENT], S.PAYMENT_REQUESTED, 6),
        ([A.RECEIVE, A.REQUEST_WITHDRAWAL], S.WITHDRAWAL_REQUESTED, 7),
        ([A.RECEIVE, A.PROCESS, A.STOP], S.STOPPED, 8),
        ([A.RECEIVE, A.PROCESS, A.FINISH], S.FINISHED, 9),
        ([A.RECEIVE, A.FINISH, A.HAND_OVER], S.HANDED_OVER, 10),
    ],
)
def test_the_ten_national_statuses(actions: list[Action], end: DossierState, national: int) -> None:
    assert run(*actions) is end
    assert NATIONAL_STATUS[end] == national


def test_every_state_has_a_national_status_and_all_ten_are_used() -> None:
    assert set(NATIONAL_STATUS) == set(DossierState)
    assert set(NATIONAL_STATUS.values()) == set(range(1, 11))


def test_papers_brought_later_are_looked_at_again() -> None:
    assert run(A.REQUEST_SUPPLEMENT, A.SUPPLY, A.RECEIVE) is S.RECEIVED
    assert run(A.RECEIVE, A.PROCESS, A.REQUEST_SUPPLEMENT, A.SUPPLY, A.RECEIVE) is S.RECEIVED


def test_a_dossier_that_waits_for_us_is_never_reported_as_waiting_for_the_citizen() -> None:
    assert NATIONAL_STATUS[S.SUPPLIED] != NATIONAL_STATUS[S.SUPPLEMENT_REQUESTED]
    assert S.SUPPLIED not in CLOCK_STOPPED


def test_nothing_is_refused_once_it_was_received() -> None:
    after = {S.RECEIVED, S.IN_PROCESS, S.PAYMENT_REQUESTED, S.PAUSED, S.FINISHED}
    assert not [state for state, action in TRANSITIONS if action is A.REFUSE and state in after]


def test_a_withdrawal_after_receipt_needs_an_answer() -> None:
    assert A.WITHDRAW not in allowed_actions(S.RECEIVED)
    assert run(A.RECEIVE, A.REQUEST_WITHDRAWAL, A.WITHDRAW) is S.WITHDRAWN
    assert run(A.RECEIVE, A.REQUEST_WITHDRAWAL, A.DECLINE_WITHDRAWAL) is S.IN_PROCESS


def test_a_result_is_handed_over_once() -> None:
    with pytest.raises(DomainError):
        run(A.RECEIVE, A.FINISH, A.HAND_OVER, A.HAND_OVER)
    with pytest.raises(DomainError):
        run(A.RECEIVE, A.HAND_OVER)


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[S.REFUSED, A.RECEIVE] = S.RECEIVED  # type: ignore[index]
