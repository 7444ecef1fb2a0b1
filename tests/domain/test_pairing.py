"""The pairing code at its limits: its time, its tries, what may be typed."""

import pytest

from edge_node.domain.pairing import (
    CODE_AGE_S,
    CODE_DIGITS,
    MAXIMUM_TYPED_CHARACTERS,
    MAXIMUM_WRONG_TRIES,
    RANDOM_BYTES,
    OpenCode,
    draw,
)

MADE_MS = 7_000_000
CODE = OpenCode("04159265", "kiosk-1", "minh", MADE_MS)


def test_a_code_is_over_after_five_minutes() -> None:
    assert CODE_AGE_S == 300
    last_ms = MADE_MS + CODE_AGE_S * 1000
    assert CODE.is_open(MADE_MS)
    assert CODE.is_open(last_ms - 1)
    assert CODE.left_s(last_ms - 1) == 1
    assert not CODE.is_open(last_ms)
    assert CODE.left_s(last_ms + 1) == 0


def test_a_code_is_over_after_five_wrong_tries() -> None:
    assert MAXIMUM_WRONG_TRIES == 5
    code = CODE
    for _ in range(MAXIMUM_WRONG_TRIES - 1):
        code = code.missed()
    assert code.is_open(MADE_MS)
    assert not code.missed().is_open(MADE_MS)
    assert code.missed().guessed_out


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("04159265", True),
        ("0415 9265", True),
        (" 0415-9265 ", True),
        ("4159265", False),
        ("041592651", False),
        ("04159266", False),
        ("", False),
        ("٠٤١٥٩٢٦٥", False),
        ("04159265" + "x" * MAXIMUM_TYPED_CHARACTERS, False),
        (" " * MAXIMUM_TYPED_CHARACTERS + "04159265", False),
    ],
)
def test_what_was_typed(typed: str, right: bool) -> None:  # noqa: FBT001
    assert CODE.is_typed(typed) is right


def test_a_code_has_all_its_digits() -> None:
    assert draw(bytes(RANDOM_BYTES)) == "0" * CODE_DIGITS
    assert draw(bytes(RANDOM_BYTES - 1) + b"\x07") == "00000007"
    assert len(draw(b"\xff" * RANDOM_BYTES)) == CODE_DIGITS
    assert CODE.shown == "0415 9265"
