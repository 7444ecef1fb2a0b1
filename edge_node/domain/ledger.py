"""What a payment stands at: the person's side, the bank's lines and what people decided of them.

Responsible for one pure answer from all that is known. Rules: the answer depends on what is known
and never on the order in which it came; a bank line counts once by its transaction; the line that
fits settles, another one is money too much; what does not fit is decided by a person. Every step
is one of the ladder's (`domain/payment`). What settles is reconciled when the bank's statement has
it, and by nothing else.
This module must not know banks, dossiers or where lines are kept.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from edge_node.domain.payment import (
    PAYMENT_TRANSITIONS,
    PaymentAction,
    PaymentState,
    apply_payment,
)

LineDecision = Literal["", "accept", "refund_due", "refunded"]

_S = PaymentState
_A = PaymentAction
OPEN_STATES = frozenset({_S.DUE, _S.QR_SHOWN, _S.CLAIMED})
"""Money is awaited."""

UNDECIDED = (_S.MISMATCH, _S.LATE, _S.DUPLICATE)
"""A person has to look at it, the most pressing first."""

_STEPS: Mapping[LineDecision, tuple[PaymentAction, ...]] = {
    "": (),
    "accept": (_A.ACCEPT,),
    "refund_due": (_A.REQUIRE_REFUND,),
    "refunded": (_A.REQUIRE_REFUND, _A.REFUND),
}
_FIT, _LATE, _WRONG = 0, 1, 2


class Obligation(msgspec.Struct, frozen=True, kw_only=True):
    """What is owed; `base` is the state without the bank, `ended_at` (ISO 8601) ends the debt."""

    amount_vnd: int
    beneficiary: str
    base: PaymentState
    ended_at: str = ""


class BankLine(msgspec.Struct, frozen=True, kw_only=True):
    """Money the bank saw under the payment's reference; an empty `beneficiary` was not told.

    `on_statement`: it also stands in the bank's statement of the day.
    """

    transaction: str
    amount_vnd: int
    beneficiary: str
    paid_at: str
    decision: LineDecision = ""
    on_statement: bool = False


class JudgedLine(NamedTuple):
    """A line and where it stands on the ladder."""

    line: BankLine
    state: PaymentState


class Standing(NamedTuple):
    """The payment's state, whether what is owed is settled, and its lines in canonical order."""

    state: PaymentState
    settled: bool
    lines: tuple[JudgedLine, ...]


def standing(obligation: Obligation, lines: Iterable[BankLine]) -> Standing:
    """Where a payment stands, whatever the order its lines came in."""
    kept = {line.transaction: line for line in sorted(lines, key=msgspec.json.encode)}
    ordered = sorted(kept.values(), key=lambda line: (*_order(obligation, line), line.transaction))
    state, judged = obligation.base, []
    for line in ordered:
        state, verdict = _enter(state, _order(obligation, line)[0])
        judged.append(JudgedLine(line, _decided(verdict, line.decision)))
    judged = _too_much(judged)
    settled = any(one.state is _S.CONFIRMED for one in judged)
    settled = settled or obligation.base in (_S.WAIVED, _S.PAID_ELSEWHERE)
    return Standing(_overall(obligation.base, judged), settled, tuple(judged))


def _order(obligation: Obligation, line: BankLine) -> tuple[int, float]:
    fits = line.amount_vnd == obligation.amount_vnd and same_beneficiary(
        obligation.beneficiary, line.beneficiary
    )
    paid, ended = _seconds(line.paid_at), _seconds(obligation.ended_at)
    late = bool(paid and ended and paid > ended)
    return (_LATE if late else _FIT if fits else _WRONG), paid


def _seconds(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 time with offset; 0 for anything else a bank may write."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    return moment.timestamp() if moment.tzinfo is not None else 0.0


def same_beneficiary(owed_to: str, told: str) -> bool:
    """Whether the bank's account is the one that was asked for; a bank that told none says yes."""
    if not told or not owed_to:
        return True
    word = told.replace(" ", "").casefold()
    return word in (owed_to.casefold(), owed_to.casefold().partition("-")[2])


def _enter(state: PaymentState, fit: int) -> tuple[PaymentState, PaymentState]:
    """The payment's state after one more line, and that line's own state."""
    if state in OPEN_STATES:
        action = (_A.CONFIRM, _A.REPORT_LATE, _A.REPORT_MISMATCH)[fit]
        after = apply_payment(state, action)
        return after, after
    if state is _S.CONFIRMED:
        return state, apply_payment(state, _A.REPORT_DUPLICATE)
    if state in (_S.WAIVED, _S.PAID_ELSEWHERE):
        return state, apply_payment(state, _A.CONFIRM)
    if state is _S.MISMATCH:
        return state, state
    return state, _S.MISMATCH if state is _S.LATE and fit == _WRONG else _S.LATE


def _decided(state: PaymentState, decision: LineDecision) -> PaymentState:
    """What a person decided, as far as it still makes sense for what the line turned out to be."""
    for action in _STEPS[decision]:
        state = PAYMENT_TRANSITIONS.get((state, action), state)
    return state


def _too_much(judged: list[JudgedLine]) -> list[JudgedLine]:
    """Once one line settles, an undecided other one is money too much."""
    if _S.CONFIRMED not in {one.state for one in judged}:
        return judged
    return [one._replace(state=_S.DUPLICATE) if one.state in UNDECIDED else one for one in judged]


def _overall(base: PaymentState, judged: list[JudgedLine]) -> PaymentState:
    states = [one.state for one in judged]
    for state in (*UNDECIDED, _S.REFUND_DUE):
        if state in states:
            return state
    settling = [one.line for one in judged if one.state is _S.CONFIRMED]
    if settling:
        stated = all(line.on_statement for line in settling)
        return apply_payment(_S.CONFIRMED, _A.RECONCILE) if stated else _S.CONFIRMED
    if base in OPEN_STATES and _S.REFUNDED in states:
        return _S.REFUNDED
    return base


def standing_step(state: PaymentState, decision: LineDecision) -> PaymentState:
    """What a decision makes of a line. Raises DomainError(ACTION_NOT_ALLOWED)."""
    for action in _STEPS[decision][-1:]:
        state = apply_payment(state, action)
    return state
