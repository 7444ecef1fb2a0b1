import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.payment_reference import (
    MAXIMUM_PURPOSE_CHARACTERS,
    REFERENCE_CHARACTERS,
    find_payment_references,
    make_payment_reference,
    make_purpose,
    parse_payment_reference,
)

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
references = st.binary(min_size=8, max_size=8).map(make_payment_reference)


def error_of(text: str) -> ErrorCode:
    with pytest.raises(DomainError) as caught:
        parse_payment_reference(text)
    return caught.value.code


@given(references)
def test_a_reference_is_short_and_plain_and_reads_back(reference: str) -> None:
    assert len(reference) == REFERENCE_CHARACTERS
    assert set(reference) <= set(LETTERS)
    assert parse_payment_reference(f" {reference.lower()} ") == reference


def test_different_entropy_makes_different_references() -> None:
    made = {make_payment_reference(bit.to_bytes(8, "big")) for bit in range(16, 16_000, 16)}
    assert len(made) == 999
    with pytest.raises(ValueError, match="8 random bytes"):
        make_payment_reference(b"1234567")


@given(references, st.data())
def test_a_mistyped_reference_is_refused(reference: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(reference) - 1))
    other = data.draw(st.sampled_from(LETTERS.replace(reference[at], "")))
    changed = reference[:at] + other + reference[at + 1 :]
    assert error_of(changed) is ErrorCode.PAYMENT_REFERENCE_CHECK


@pytest.mark.parametrize("text", ["", "ABC", "I" * 13, "A" * 14, "A" * 100, "Đ" * 13])
def test_what_has_not_the_form_is_refused(text: str) -> None:
    assert error_of(text) is ErrorCode.PAYMENT_REFERENCE_FORM


@given(references)
def test_a_reference_survives_what_banks_do_to_it(reference: str) -> None:
    for statement in (
        f"MBVCB.123456.{reference}.CT tu 0123 toi 0456",
        f"mbvcb lp {reference.lower()} chuyen tien",
        f"IBFT/{reference}",
        f"{reference} {reference}",
    ):
        assert find_payment_references(statement) == (reference,)


@given(references)
def test_a_reference_must_stand_alone(reference: str) -> None:
    assert find_payment_references(f"X{reference}") == ()
    assert find_payment_references(f"{reference}9") == ()
    assert find_payment_references(reference[:-1]) == ()


def test_a_word_that_only_looks_like_a_reference_is_not_one() -> None:
    assert find_payment_references("MBVCB CHUYENTIENMUA 2345678923456") == ()


def test_several_references_are_found_in_order() -> None:
    one, other = make_payment_reference(b"12345678"), make_payment_reference(b"87654321")
    assert find_payment_references(f"{one} va {other}") == (one, other)


@given(st.text(max_size=200))
def test_any_statement_can_be_searched(statement: str) -> None:
    for found in find_payment_references(statement):
        assert parse_payment_reference(found) == found


@given(references)
def test_the_purpose_fits_what_banks_carry(reference: str) -> None:
    purpose = make_purpose(reference, "LP")
    assert purpose == f"LP {reference}"
    assert len(make_purpose(reference, "LEPHI")) <= MAXIMUM_PURPOSE_CHARACTERS
    assert make_purpose(reference) == reference
    assert purpose.isascii()


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("TAMTRU", ErrorCode.PURPOSE_TOO_LONG),
        ("lp", ErrorCode.PURPOSE_CHARACTERS),
        ("PHÍ", ErrorCode.PURPOSE_CHARACTERS),
        ("A-B", ErrorCode.PURPOSE_CHARACTERS),
        (" ", ErrorCode.PURPOSE_CHARACTERS),
    ],
)
def test_a_purpose_that_banks_would_spoil_is_refused(word: str, code: ErrorCode) -> None:
    with pytest.raises(DomainError) as caught:
        make_purpose(make_payment_reference(b"12345678"), word)
    assert caught.value.code is code
