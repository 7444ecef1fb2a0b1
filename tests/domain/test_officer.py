"""Duties, PINs and waits: one table, exact edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.officer import (
    MAXIMUM_FAILURES,
    MAY,
    WAIT_MS,
    Duty,
    Role,
    check_new_pin,
    duties,
    failures_now,
    is_simple,
    may,
    read_roles,
    require,
    wait_ms,
)


def test_every_duty_is_somebody_s() -> None:
    assert set(MAY) == set(Duty)
    assert all(MAY.values())


def test_the_chief_may_do_everything_and_nobody_may_do_nothing() -> None:
    assert duties((Role.CHIEF,)) == set(Duty)
    assert duties(()) == set()


def test_a_technician_opens_no_dossier_and_takes_no_money() -> None:
    assert duties((Role.TECHNICIAN,)) == {Duty.LOOK_AFTER_STATION}


def test_who_takes_money_does_not_put_it_right() -> None:
    assert may((Role.CASHIER,), Duty.TAKE_MONEY)
    assert not may((Role.CASHIER,), Duty.CORRECT_MONEY)
    with pytest.raises(DomainError) as refused:
        require((Role.OFFICER, Role.CASHIER), Duty.CORRECT_MONEY)
    assert refused.value.code is ErrorCode.DUTY_NOT_YOURS
    assert refused.value.params == {"duty": "correct_money"}


@given(st.lists(st.sampled_from(Role)), st.sampled_from(Role), st.sampled_from(Duty))
def test_another_role_never_takes_a_duty_away(roles: list[Role], more: Role, duty: Duty) -> None:
    assert may([*roles, more], duty) or not may(roles, duty)


def test_unknown_names_are_no_role() -> None:
    assert read_roles(["chief", "king", "officer", "chief"]) == (Role.OFFICER, Role.CHIEF)


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", " 12345"])
def test_a_pin_is_six_digits(pin: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_new_pin(pin)
    assert refused.value.code is ErrorCode.PIN_FORM


@pytest.mark.parametrize("pin", ["000000", "123456", "654321", "890123", "121212", "123123"])
def test_the_first_guesses_of_everybody_are_refused(pin: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_new_pin(pin)
    assert refused.value.code is ErrorCode.PIN_TOO_SIMPLE


def test_most_pins_are_free_to_choose() -> None:
    assert sum(is_simple(f"{number:06}") for number in range(0, 10**6, 97)) < 20
    check_new_pin("246810")


def test_a_wait_begins_at_the_limit_and_ends_by_itself() -> None:
    assert wait_ms(MAXIMUM_FAILURES - 1, 1000, 1000) == 0
    assert wait_ms(MAXIMUM_FAILURES, 1000, 1000) == WAIT_MS
    assert wait_ms(MAXIMUM_FAILURES, 1000, 1000 + WAIT_MS - 1) == 1
    assert wait_ms(MAXIMUM_FAILURES, 1000, 1000 + WAIT_MS) == 0


@given(st.integers(0, 20), st.integers(0, 1 << 50), st.integers(0, 1 << 50))
def test_no_clock_makes_anybody_wait_longer_than_once(failures: int, last: int, now: int) -> None:
    assert 0 <= wait_ms(failures, last, now) <= WAIT_MS
    assert failures_now(failures, last, now) <= failures
