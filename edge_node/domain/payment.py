"""The ladder of a payment: from the fee that is due to the line in the bank's statement.

Rules: only the city's bank message or a statement line confirms; evidence on a citizen's telephone
is a claim and never more; only the bank's statement reconciles, closing a shift does not; money
that arrived wrongly, twice or late is never silently kept. Fees and fines run on the same ladder
but never share a payment. Never say "paid" before CONFIRMED.
This module must not know amounts, accounts or banks.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from edge_node.domain import ladder


class PaymentState(StrEnum):
    """How sure we are of the money."""

    DUE = "due"
    QR_SHOWN = "qr_shown"
    CLAIMED = "claimed"
    CONFIRMED = "confirmed"
    RECONCILED = "reconciled"
    MISMATCH = "mismatch"
    DUPLICATE = "duplicate"
    LATE = "late"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"
    WAIVED = "waived"
    PAID_ELSEWHERE = "paid_elsewhere"


class PaymentAction(StrEnum):
    """What is learnt about a payment, or decided."""

    SHOW_QR = "show_qr"
    CLAIM = "claim"
    RETRACT = "retract"
    CONFIRM = "confirm"
    RECONCILE = "reconcile"
    REPORT_MISMATCH = "report_mismatch"
    REPORT_DUPLICATE = "report_duplicate"
    REPORT_LATE = "report_late"
    ACCEPT = "accept"
    REQUIRE_REFUND = "require_refund"
    REFUND = "refund"
    WAIVE = "waive"
    RECORD_ELSEWHERE = "record_elsewhere"


_S = PaymentState
_A = PaymentAction
_Table = dict[tuple[PaymentState, PaymentAction], PaymentState]


def _open(state: PaymentState) -> _Table:
    """What a bank or a chief may say while the money is awaited; messages come in any order."""
    return {
        (state, _A.SHOW_QR): _S.QR_SHOWN,
        (state, _A.CLAIM): _S.CLAIMED,
        (state, _A.CONFIRM): _S.CONFIRMED,
        (state, _A.REPORT_MISMATCH): _S.MISMATCH,
        (state, _A.REPORT_LATE): _S.LATE,
        (state, _A.WAIVE): _S.WAIVED,
        (state, _A.RECORD_ELSEWHERE): _S.PAID_ELSEWHERE,
    }


PAYMENT_TRANSITIONS: Mapping[tuple[PaymentState, PaymentAction], PaymentState] = MappingProxyType(
    {
        **_open(_S.DUE),
        **_open(_S.QR_SHOWN),
        # Showing the QR again must not lose the claim, nor a second claim the first.
        **_open(_S.CLAIMED),
        (_S.CLAIMED, _A.SHOW_QR): _S.CLAIMED,
        (_S.CLAIMED, _A.RETRACT): _S.QR_SHOWN,
        (_S.CONFIRMED, _A.RECONCILE): _S.RECONCILED,
        (_S.CONFIRMED, _A.REPORT_DUPLICATE): _S.DUPLICATE,
        (_S.CONFIRMED, _A.REQUIRE_REFUND): _S.REFUND_DUE,
        (_S.RECONCILED, _A.REPORT_DUPLICATE): _S.DUPLICATE,
        (_S.RECONCILED, _A.REQUIRE_REFUND): _S.REFUND_DUE,
        # Wrong amount or text, or after the end: a person decides, keep or give back.
        (_S.MISMATCH, _A.ACCEPT): _S.CONFIRMED,
        (_S.MISMATCH, _A.REQUIRE_REFUND): _S.REFUND_DUE,
        (_S.LATE, _A.ACCEPT): _S.CONFIRMED,
        (_S.LATE, _A.REQUIRE_REFUND): _S.REFUND_DUE,
        (_S.DUPLICATE, _A.REQUIRE_REFUND): _S.REFUND_DUE,
        (_S.REFUND_DUE, _A.REFUND): _S.REFUNDED,
        # Money for something already settled goes back.
        (_S.WAIVED, _A.CONFIRM): _S.REFUND_DUE,
        (_S.PAID_ELSEWHERE, _A.CONFIRM): _S.DUPLICATE,
        # Cash that was taken for nothing goes back over the same counter.
        (_S.PAID_ELSEWHERE, _A.REQUIRE_REFUND): _S.REFUND_DUE,
    }
)

# In these the money counts as received; CLAIMED is deliberately not among them.
SETTLED: frozenset[PaymentState] = frozenset(
    {_S.CONFIRMED, _S.RECONCILED, _S.WAIVED, _S.PAID_ELSEWHERE, _S.DUPLICATE}
)


def apply_payment(state: PaymentState, action: PaymentAction) -> PaymentState:
    """The state after an action. Raises DomainError(ACTION_NOT_ALLOWED, state=…, action=…)."""
    return ladder.advance(PAYMENT_TRANSITIONS, state, action)
