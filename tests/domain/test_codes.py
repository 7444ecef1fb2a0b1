import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.codes import (
    CROCKFORD,
    MAXIMUM_COUNTER,
    DossierNumber,
    check_character,
    epoch_tag,
    fold,
    format_dossier_number,
    parse_dossier_number,
)
from edge_node.domain.errors import DomainError, ErrorCode, Fault

stations = st.from_regex(r"[0-9]{5}", fullmatch=True)
tags = st.text(CROCKFORD, min_size=4, max_size=4)
counters = st.integers(1, MAXIMUM_COUNTER)
numbers = st.builds(format_dossier_number, stations, tags, counters)
words = st.text(CROCKFORD, min_size=1, max_size=40)


def error_of(text: str) -> ErrorCode:
    with pytest.raises(DomainError) as caught:
        parse_dossier_number(text)
    return caught.value.code


@given(words, st.data())
def test_the_check_finds_every_wrong_character(word: str, data: st.DataObject) -> None:
    whole = word + check_character(word)
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.sampled_from(CROCKFORD.replace(whole[at], "")))
    changed = whole[:at] + other + whole[at + 1 :]
    assert check_character(changed[:-1]) != changed[-1]


@given(words, st.data())
def test_the_check_finds_every_swap_of_neighbours(word: str, data: st.DataObject) -> None:
    whole = word + check_character(word)
    at = data.draw(st.integers(0, len(whole) - 2))
    swapped = whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :]
    if swapped != whole:
        assert check_character(swapped[:-1]) != swapped[-1]


def test_the_check_finds_all_swaps_of_a_pair_in_every_state() -> None:
    """Exhaustive: all 32 states (reached by one character) × all pairs of characters."""
    for before in CROCKFORD:
        for left in CROCKFORD:
            for right in CROCKFORD:
                if left != right:
                    assert check_character(before + left + right) != check_character(
                        before + right + left
                    )


def test_a_sum_would_not_do() -> None:
    """The negative control: a plain sum of values misses swaps, so the test above can fail."""

    def summed(text: str) -> int:
        return sum(CROCKFORD.index(character) for character in text) % 32

    assert summed("A12") == summed("A21")


def test_a_check_is_made_only_of_the_alphabet() -> None:
    with pytest.raises(ValueError, match="alphabet"):
        check_character("T2656O")


def test_a_printed_number() -> None:
    number = format_dossier_number("26560", "7KXM", 1)
    assert number == "T26560-7KXM-00001-H"
    assert parse_dossier_number(number) == DossierNumber("26560", "7KXM", 1)
    assert str(parse_dossier_number(number)) == number


@given(stations, tags, counters)
def test_a_number_comes_back_as_it_was(station: str, tag: str, counter: int) -> None:
    number = format_dossier_number(station, tag, counter)
    assert parse_dossier_number(number) == DossierNumber(station, tag, counter)
    assert not number.startswith("G01")


@pytest.mark.parametrize(
    "typed",
    [
        "t26560-7kxm-00001-h",
        "T26560 7KXM 00001 H",
        " T265607KXM00001H ",
        "T2656O-7KXM-OOOOI-H",
        "T26560-7KXM-0000l-H",
        "T26560–7KXM—00001−H",
        "T26560.7KXM.00001.H",
    ],
)
def test_a_number_is_read_as_people_type_it(typed: str) -> None:
    assert parse_dossier_number(typed) == DossierNumber("26560", "7KXM", 1)


@given(numbers, st.data())
def test_a_mistyped_number_is_never_taken_for_another(number: str, data: st.DataObject) -> None:
    compact = number.replace("-", "")
    at = data.draw(st.integers(1, len(compact) - 1))
    other = data.draw(st.sampled_from(CROCKFORD.replace(compact[at], "")))
    assert error_of(compact[:at] + other + compact[at + 1 :]) in (
        ErrorCode.DOSSIER_NUMBER_CHECK,
        ErrorCode.DOSSIER_NUMBER_FORM,
    )


@pytest.mark.parametrize(
    "text",
    ["", "T", "G01.899.909-260916-000001", "A013", "T26560-7KXU-00001-H", "T" * 65, "T٢6560"],
)
def test_what_is_not_a_number_of_ours_is_refused_by_form(text: str) -> None:
    assert error_of(text) is ErrorCode.DOSSIER_NUMBER_FORM


def test_a_wrong_check_character_is_named() -> None:
    assert error_of("T26560-7KXM-00001-J") is ErrorCode.DOSSIER_NUMBER_CHECK


@pytest.mark.parametrize("counter", ["00000", "000001", "10000000"])
def test_counters_that_are_never_printed(counter: str) -> None:
    word = f"T265607KXM{counter}"
    assert error_of(word + check_character(word)) is ErrorCode.DOSSIER_NUMBER_FORM


@given(st.text(max_size=100))
def test_any_text_is_either_a_number_or_a_domain_error(text: str) -> None:
    try:
        parse_dossier_number(text)
    except DomainError as error:
        assert error.code in (  # noqa: PT017 - both outcomes are right
            ErrorCode.DOSSIER_NUMBER_FORM,
            ErrorCode.DOSSIER_NUMBER_CHECK,
        )


def test_numbers_end_with_the_counter() -> None:
    assert format_dossier_number("26560", "7KXM", 99_999).startswith("T26560-7KXM-99999-")
    assert format_dossier_number("26560", "7KXM", 100_000).startswith("T26560-7KXM-100000-")
    with pytest.raises(DomainError) as caught:
        format_dossier_number("26560", "7KXM", MAXIMUM_COUNTER + 1)
    assert caught.value.code is ErrorCode.DOSSIER_NUMBERS_EXHAUSTED
    assert caught.value.fault is Fault.STATION


@pytest.mark.parametrize(
    ("station", "tag", "counter"),
    [("2656", "7KXM", 1), ("26560", "7KXI", 1), ("26560", "7KX", 1), ("26560", "7KXM", 0)],
)
def test_a_number_is_never_made_of_wrong_parts(station: str, tag: str, counter: int) -> None:
    with pytest.raises(ValueError, match="dossier"):
        format_dossier_number(station, tag, counter)


def test_the_tag_is_the_first_twenty_bits() -> None:
    assert epoch_tag(b"\x00\x00\x0f") == "0000"
    assert epoch_tag(b"\x00\x00\x10") == "0001"
    assert epoch_tag(b"\xff\xff\xff\x12") == "ZZZZ"
    assert epoch_tag(b"\x3c\xfb\xd2\x00\x00\x00\x00\x00") == "7KXX"
    with pytest.raises(ValueError, match="3 bytes"):
        epoch_tag(b"\x00\x00")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Đăng ký tạm trú", "dang ky tam tru"),
        ("NGUYỄN  THỊ MẪU", "nguyen thi mau"),
        ("Xã Thạnh An", "xa thanh an"),
        ("ĐKX10", "dkx10"),
        ("", ""),
    ],
)
def test_folding_drops_accents_and_case(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=60))
def test_folding_does_not_depend_on_composition_and_settles_at_once(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
    assert fold(fold(text)) == fold(text)
