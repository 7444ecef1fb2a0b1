import pytest

from edge_node.domain.errors import DomainError
from edge_node.domain.payment import (
    PAYMENT_TRANSITIONS,
    SETTLED,
    PaymentAction,
    PaymentState,
    apply_payment,
)

S = PaymentState
A = PaymentAction


def run(*actions: PaymentAction) -> PaymentState:
    state = S.DUE
    for action in actions:
        state = apply_payment(state, action)
    return state


def test_the_ladder_of_an_ordinary_payment() -> None:
    assert run(A.SHOW_QR, A.CLAIM, A.CONFIRM, A.RECONCILE) is S.RECONCILED


def test_what_a_citizen_shows_is_a_claim_and_settles_nothing() -> None:
    assert run(A.SHOW_QR, A.CLAIM) is S.CLAIMED
    assert S.CLAIMED not in SETTLED
    assert S.QR_SHOWN not in SETTLED


def test_only_a_bank_message_or_an_acceptance_confirms() -> None:
    confirming = {action for (_s, action), to in PAYMENT_TRANSITIONS.items() if to is S.CONFIRMED}
    assert confirming == {A.CONFIRM, A.ACCEPT}


def test_a_bank_message_may_come_before_anything_else() -> None:
    assert run(A.CONFIRM) is S.CONFIRMED
    assert run(A.SHOW_QR, A.REPORT_MISMATCH) is S.MISMATCH


def test_showing_the_code_again_keeps_the_claim() -> None:
    assert run(A.SHOW_QR, A.CLAIM, A.SHOW_QR) is S.CLAIMED
    assert run(A.SHOW_QR, A.CLAIM, A.RETRACT) is S.QR_SHOWN


@pytest.mark.parametrize(
    "actions",
    [
        (A.REPORT_MISMATCH, A.REQUIRE_REFUND, A.REFUND),
        (A.REPORT_LATE, A.REQUIRE_REFUND, A.REFUND),
        (A.CONFIRM, A.REPORT_DUPLICATE, A.REQUIRE_REFUND, A.REFUND),
        (A.WAIVE, A.CONFIRM, A.REFUND),
        (A.RECORD_ELSEWHERE, A.CONFIRM, A.REQUIRE_REFUND, A.REFUND),
    ],
)
def test_money_that_is_not_owed_goes_back(actions: tuple[PaymentAction, ...]) -> None:
    assert run(*actions) is S.REFUNDED


def test_a_refund_is_paid_once() -> None:
    with pytest.raises(DomainError):
        run(A.CONFIRM, A.REQUIRE_REFUND, A.REFUND, A.REFUND)
