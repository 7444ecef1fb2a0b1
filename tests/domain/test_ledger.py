"""What a payment stands at depends on what is known and never on the order it came in."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.ledger import (
    OPEN_STATES,
    BankLine,
    LineDecision,
    Obligation,
    Standing,
    same_beneficiary,
    standing,
    standing_step,
)
from edge_node.domain.payment import PaymentState

S = PaymentState
BASES = (S.DUE, S.QR_SHOWN, S.CLAIMED, S.WAIVED, S.PAID_ELSEWHERE)
ENDED = "2026-11-23T12:00:00+07:00"


def owed(**changes: Any) -> Obligation:
    said = {"amount_vnd": 15_000, "beneficiary": "970436-0001", "base": S.QR_SHOWN, **changes}
    return Obligation(**said)


def line(transaction: str = "a", **changes: Any) -> BankLine:
    said = {
        "transaction": transaction,
        "amount_vnd": 15_000,
        "beneficiary": "0001",
        "paid_at": "2026-11-23T09:00:00+07:00",
        **changes,
    }
    return BankLine(**said)


def at(*lines: BankLine, **changes: Any) -> Standing:
    return standing(owed(**changes), lines)


@pytest.mark.parametrize("base", sorted(OPEN_STATES))
def test_the_line_that_fits_settles(base: PaymentState) -> None:
    found = at(line(), base=base)
    assert (found.state, found.settled) == (S.CONFIRMED, True)
    assert at(line(on_statement=True), base=base).state is S.RECONCILED


def test_only_what_settles_is_reconciled_by_a_statement() -> None:
    assert at(line(on_statement=True)).state is S.RECONCILED
    assert at(line(amount_vnd=14_000, on_statement=True)).state is S.MISMATCH
    accepted = line(amount_vnd=14_000, on_statement=True, decision="accept")
    assert at(accepted).state is S.RECONCILED
    # Two that together were taken as enough: both must stand there.
    parts = [line(name, amount_vnd=7_500, decision="accept") for name in "ab"]
    half = msgspec.structs.replace(parts[0], on_statement=True)
    assert at(half, parts[1]).state is S.CONFIRMED
    assert at(half, msgspec.structs.replace(parts[1], on_statement=True)).state is S.RECONCILED
    # The one on the statement is the second one: the first one settles, and nobody has seen it.
    later = line("b", paid_at="2026-11-23T10:00:00+07:00", on_statement=True, decision="refunded")
    assert at(line(), later).state is S.CONFIRMED


def test_nothing_from_the_bank_settles_nothing() -> None:
    assert at(base=S.CLAIMED) == Standing(S.CLAIMED, settled=False, lines=())
    assert at(base=S.WAIVED).settled


@pytest.mark.parametrize(
    "wrong", [line(amount_vnd=14_000), line(amount_vnd=16_000), line(beneficiary="0002")]
)
def test_what_does_not_fit_waits_for_a_person(wrong: BankLine) -> None:
    found = at(wrong)
    assert (found.state, found.settled) == (S.MISMATCH, False)
    accepted = at(BankLine(**{**_fields(wrong), "decision": "accept"}))
    assert (accepted.state, accepted.settled) == (S.CONFIRMED, True)


def _fields(one: BankLine) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


def test_money_after_the_end_is_late_and_money_before_it_is_not() -> None:
    late = line(paid_at="2026-11-23T06:00:00+00:00")
    assert at(late, ended_at=ENDED).state is S.LATE
    assert at(line(paid_at="2026-11-23T04:00:00+00:00"), ended_at=ENDED).state is S.CONFIRMED


def test_a_second_line_is_money_too_much_and_goes_back() -> None:
    both = at(line("a"), line("b"))
    assert (both.state, both.settled) == (S.DUPLICATE, True)
    decided = at(line("a"), line("b", decision="refunded"))
    assert (decided.state, decided.settled) == (S.CONFIRMED, True)
    assert at(line("a"), line("b", decision="refund_due")).state is S.REFUND_DUE


def test_money_for_what_is_settled_otherwise_goes_back() -> None:
    assert at(line(), base=S.WAIVED).state is S.REFUND_DUE
    assert at(line(), base=S.PAID_ELSEWHERE).state is S.DUPLICATE
    assert at(line(), base=S.PAID_ELSEWHERE).settled
    assert at(line(decision="refunded"), base=S.PAID_ELSEWHERE).state is S.PAID_ELSEWHERE


def test_money_given_back_leaves_the_debt_unpaid() -> None:
    found = at(line(amount_vnd=1, decision="refunded"))
    assert (found.state, found.settled) == (S.REFUNDED, False)


@pytest.mark.parametrize("told", ["0001", "970436-0001", " 0001 ", ""])
def test_a_bank_may_write_the_account_in_its_own_way(told: str) -> None:
    assert same_beneficiary("970436-0001", told)


@pytest.mark.parametrize("told", ["001", "970436", "0002", "970436-0002"])
def test_another_account_is_another_account(told: str) -> None:
    assert not same_beneficiary("970436-0001", told)


def test_a_step_that_makes_no_sense_is_refused() -> None:
    assert standing_step(S.MISMATCH, "accept") is S.CONFIRMED
    with pytest.raises(Exception, match="action_not_allowed"):
        standing_step(S.DUPLICATE, "accept")


decisions = st.sampled_from(("", "accept", "refund_due", "refunded"))


@st.composite
def bank_lines(draw: st.DrawFn) -> list[BankLine]:
    transactions = draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=5))
    return [
        line(
            one,
            amount_vnd=draw(st.sampled_from((15_000, 14_000, 20_000))),
            beneficiary=draw(st.sampled_from(("0001", "0002", ""))),
            paid_at=draw(st.sampled_from((line().paid_at, "2026-11-24T09:00:00+07:00", "?"))),
            decision=draw(decisions),
        )
        for one in transactions
    ]


@given(st.sampled_from(BASES), bank_lines(), st.sampled_from(("", ENDED)), st.data())
def test_order_and_repetition_change_nothing(
    base: PaymentState, lines: list[BankLine], ended_at: str, data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(lines), max_size=3)) if lines else []
    shuffled = data.draw(st.permutations([*lines, *again]))
    assert at(*shuffled, base=base, ended_at=ended_at) == at(*lines, base=base, ended_at=ended_at)


@given(st.sampled_from(BASES), bank_lines())
def test_settled_is_never_said_without_a_reason(base: PaymentState, lines: list[BankLine]) -> None:
    found = at(*lines, base=base)
    confirmed = [one for one in found.lines if one.state is S.CONFIRMED]
    assert found.settled == (bool(confirmed) or base in (S.WAIVED, S.PAID_ELSEWHERE))
    if found.state in OPEN_STATES:
        assert not found.settled
    unaccepted: LineDecision = ""
    fitting = [o for o in confirmed if o.line.decision == unaccepted]
    assert all(o.line.amount_vnd == 15_000 for o in fitting)
