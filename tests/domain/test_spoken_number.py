"""Numbers as people in Ho Chi Minh City say them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.spoken_number import (
    MAXIMUM_CALL_CHARACTERS,
    MAXIMUM_NUMBER,
    call_words,
    digit_by_digit,
    english_call_words,
    spoken,
    vocabulary,
)

TABLE = {
    0: "không",
    4: "bốn",
    5: "năm",
    10: "mười",
    11: "mười một",
    14: "mười bốn",
    15: "mười lăm",
    20: "hai mươi",
    21: "hai mươi mốt",
    24: "hai mươi tư",
    25: "hai mươi lăm",
    44: "bốn mươi tư",
    55: "năm mươi lăm",
    99: "chín mươi chín",
    100: "một trăm",
    101: "một trăm lẻ một",
    105: "một trăm lẻ năm",
    110: "một trăm mười",
    115: "một trăm mười lăm",
    121: "một trăm hai mươi mốt",
    124: "một trăm hai mươi tư",
    201: "hai trăm lẻ một",
    305: "ba trăm lẻ năm",
    555: "năm trăm năm mươi lăm",
    1000: "một ngàn",
    1001: "một ngàn không trăm lẻ một",
    1010: "một ngàn không trăm mười",
    1015: "một ngàn không trăm mười lăm",
    1021: "một ngàn không trăm hai mươi mốt",
    1105: "một ngàn một trăm lẻ năm",
    2005: "hai ngàn không trăm lẻ năm",
    9999: "chín ngàn chín trăm chín mươi chín",
    20000: "hai mươi ngàn",
    70000: "bảy mươi ngàn",
    300000: "ba trăm ngàn",
    14000000: "mười bốn triệu",
}


@pytest.mark.parametrize(("number", "words"), TABLE.items())
def test_the_whole_table(number: int, words: str) -> None:
    assert " ".join(spoken(number)) == words


def test_digit_by_digit() -> None:
    assert digit_by_digit("1001") == ("một", "không", "không", "một")


@given(st.integers(0, MAXIMUM_NUMBER))
def test_every_number_is_said_from_the_vocabulary(number: int) -> None:
    assert set(spoken(number)) <= vocabulary()


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_two_numbers_never_sound_alike(one: int, other: int) -> None:
    assert (spoken(one) == spoken(other)) == (one == other)


@pytest.mark.parametrize("number", [-1, MAXIMUM_NUMBER + 1])
def test_beyond_the_limits_nothing_is_said(number: int) -> None:
    with pytest.raises(ValueError, match="is said from"):
        spoken(number)


def test_a_call_as_people_know_it() -> None:
    words = call_words("105", "2", by_digits=False)
    assert " ".join(words) == "mời công dân có số một trăm lẻ năm đến quầy số hai"
    assert " ".join(call_words("A013", "12")) == (
        "mời công dân có số A không một ba đến quầy số mười hai"
    )
    assert " ".join(call_words("A013", "2", by_digits=False, last=True)) == (
        "mời công dân có số A mười ba đến quầy số hai lần cuối"
    )
    assert english_call_words("B07", "3A") == (
        *("number", "en B", "zero", "seven", "please go to counter", "three", "en A"),
    )


@pytest.mark.parametrize("ticket", ["", "Ă1", "x" * (MAXIMUM_CALL_CHARACTERS + 1), "--"])
def test_what_is_no_number_is_not_said(ticket: str) -> None:
    with pytest.raises(ValueError, match="letters A-Z"):
        call_words(ticket, "1")
