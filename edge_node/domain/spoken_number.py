"""Numbers and calls as they are said in Ho Chi Minh City, as a list of words to play.

Rules: after a ten, five is *lăm*; after twenty to ninety, one is *mốt* and four is *tư*; an empty
ten after a hundred is *lẻ*, an empty hundred after a thousand is said; a thousand is *ngàn*. A
number may also be said digit by digit. Letters are said before the number.
This module must not know of sound files; a word is what one clip says.
"""

import re
from typing import Final

MAXIMUM_NUMBER: Final = 999_999_999
MAXIMUM_CALL_CHARACTERS: Final = 12

DIGITS: Final = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
ENGLISH_DIGITS: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
)
_GROUPS: Final = ((1_000_000, "triệu"), (1_000, "ngàn"))
_PARTS: Final = re.compile(r"[0-9]+|[A-Z]")

INVITE: Final = "mời công dân có số"
TO_COUNTER: Final = "đến quầy số"
LAST_TIME: Final = "lần cuối"
ENGLISH_INVITE: Final = "number"
ENGLISH_TO_COUNTER: Final = "please go to counter"


def spoken(number: int) -> tuple[str, ...]:
    """The words of a whole number from 0 to MAXIMUM_NUMBER; ValueError outside."""
    if not 0 <= number <= MAXIMUM_NUMBER:
        raise ValueError("a number is said from 0 to 999,999,999")
    if number < 1000:
        return _below_thousand(number, after=False)
    words: list[str] = []
    for size, name in _GROUPS:
        count, number = divmod(number, size)
        if count or words:
            words += (*_below_thousand(count, after=bool(words)), name) if count else ()
    if number:
        words += _below_thousand(number, after=True)
    return tuple(words)


def digit_by_digit(text: str, digits: tuple[str, ...] = DIGITS) -> tuple[str, ...]:
    """Every digit by itself; anything else is left out."""
    return tuple(digits[int(one)] for one in text if one.isascii() and one.isdigit())


def call_words(
    ticket: str, counter: str, *, by_digits: bool = True, last: bool = False
) -> tuple[str, ...]:
    """“Mời công dân có số A 0 1 3 đến quầy số 2”, as clips; ValueError for what is no number.

    `last` adds that it is the last time. Leading zeros are said only digit by digit.
    """
    closing = (LAST_TIME,) if last else ()
    counter_words = _mixed(counter, by_digits=False)
    return (INVITE, *_mixed(ticket, by_digits=by_digits), TO_COUNTER, *counter_words, *closing)


def english_call_words(ticket: str, counter: str) -> tuple[str, ...]:
    """The same in English, digit by digit."""
    return (
        ENGLISH_INVITE,
        *_english(ticket),
        ENGLISH_TO_COUNTER,
        *_english(counter),
    )


def _english(text: str) -> tuple[str, ...]:
    return tuple(
        word
        for part in _parts(text)
        for word in (digit_by_digit(part, ENGLISH_DIGITS) if part.isdigit() else (f"en {part}",))
    )


def _mixed(text: str, *, by_digits: bool) -> tuple[str, ...]:
    words: list[str] = []
    for part in _parts(text):
        if not part.isdigit():
            words.append(part)
        elif by_digits:
            words += digit_by_digit(part)
        else:
            words += spoken(int(part))
    return tuple(words)


def _parts(text: str) -> list[str]:
    """Runs of digits and single letters of a ticket or counter."""
    plain = text.strip().upper()
    parts = _PARTS.findall(plain)
    if not plain.isascii() or not parts or len(plain) > MAXIMUM_CALL_CHARACTERS:
        raise ValueError("a ticket or counter is made of letters A-Z and digits")
    return parts


def _below_thousand(number: int, *, after: bool) -> tuple[str, ...]:
    """0 to 999; `after` a thousand the empty hundred is said too."""
    hundreds, rest = divmod(number, 100)
    if not hundreds and not after:
        return _below_hundred(rest)
    words = (DIGITS[hundreds], "trăm")
    if not rest:
        return words
    if rest < 10:
        return (*words, "lẻ", DIGITS[rest])
    return (*words, *_below_hundred(rest))


def _below_hundred(number: int) -> tuple[str, ...]:
    tens, ones = divmod(number, 10)
    if not tens:
        return (DIGITS[ones],)
    head = ("mười",) if tens == 1 else (DIGITS[tens], "mươi")
    return (*head, *_after_ten(ones, tens))


def _after_ten(ones: int, tens: int) -> tuple[str, ...]:
    if ones == 0:
        return ()
    if ones == 5:
        return ("lăm",)
    if tens > 1 and ones in (1, 4):
        return ("mốt",) if ones == 1 else ("tư",)
    return (DIGITS[ones],)


def vocabulary() -> frozenset[str]:
    """Every word a Vietnamese or English call can need: what the clips must cover."""
    letters = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    return frozenset(
        (
            *DIGITS,
            *("mười", "mươi", "mốt", "tư", "lăm", "lẻ", "trăm", "ngàn", "triệu"),
            *(INVITE, TO_COUNTER, LAST_TIME),
            *letters,
            *ENGLISH_DIGITS,
            *(ENGLISH_INVITE, ENGLISH_TO_COUNTER),
            *(f"en {letter}" for letter in letters),
        )
    )
