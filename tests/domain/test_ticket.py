import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.domain.ticket import (
    MAXIMUM_NUMBER,
    TicketAction,
    TicketNumber,
    TicketState,
    apply_ticket,
    format_ticket,
    next_number,
    parse_ticket,
)


def test_the_day_starts_with_one_and_counts_on() -> None:
    assert next_number(None) == 1
    assert next_number(1) == 2
    assert next_number(MAXIMUM_NUMBER - 1) == MAXIMUM_NUMBER


def test_the_numbers_of_a_day_can_run_out() -> None:
    with pytest.raises(DomainError) as caught:
        next_number(MAXIMUM_NUMBER)
    assert caught.value.code is ErrorCode.TICKET_NUMBERS_EXHAUSTED
    assert caught.value.fault is Fault.STATION


@given(st.sampled_from("ABCDEF"), st.integers(1, MAXIMUM_NUMBER))
def test_a_ticket_is_read_as_it_was_printed(letter: str, number: int) -> None:
    text = format_ticket(letter, number)
    assert len(text) == max(4, 1 + len(str(number)))
    assert parse_ticket(text) == TicketNumber(letter, number)
    assert str(parse_ticket(text.lower())) == text


def test_a_ticket_is_read_as_people_type_it() -> None:
    assert parse_ticket(" a 13 ") == TicketNumber("A", 13)
    assert parse_ticket("B-7") == TicketNumber("B", 7)


@pytest.mark.parametrize("text", ["", "A", "A000", "A1000000", "13", "AA13", "A٣", "Đ013"])
def test_what_is_no_ticket_is_refused(text: str) -> None:
    with pytest.raises(DomainError) as caught:
        parse_ticket(text)
    assert caught.value.code is ErrorCode.TICKET_NUMBER_FORM


@pytest.mark.parametrize(("letter", "number"), [("a", 1), ("Đ", 1), ("A", 0), ("A", 1_000_000)])
def test_a_ticket_is_never_made_of_wrong_parts(letter: str, number: int) -> None:
    with pytest.raises(ValueError, match="ticket"):
        format_ticket(letter, number)


def test_a_person_who_missed_the_call_can_come_back() -> None:
    missed = apply_ticket(TicketState.CALLED, TicketAction.MISS)
    assert apply_ticket(missed, TicketAction.RETURN) is TicketState.WAITING
    assert apply_ticket(missed, TicketAction.CALL) is TicketState.CALLED


def test_a_served_person_is_not_called_again() -> None:
    with pytest.raises(DomainError):
        apply_ticket(TicketState.SERVED, TicketAction.CALL)
