"""Numbers people read aloud and type: check character, dossier number, text for searching.

Rules: the alphabet is Crockford's Base32 (no I, L, O, U), so that I and L may be read as 1 and O
as 0 everywhere, also in the check character. The check is Damm's construction over GF(32): it finds
every single wrong character and every swap of two neighbours. (ISO 7064 MOD 37,36 misses some swaps
and its check character can itself be I, L or O.) A number made at a station is provisional and
starts with T (tạm); official codes are issued by the city and start with G01.
This module must not know where counters and nonces are kept.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from edge_node.domain.errors import DomainError, ErrorCode, Fault

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MAXIMUM_COUNTER = 9_999_999
"""Per epoch, that is per start of the process; five digits are printed, more when needed."""

MAXIMUM_TYPED_CHARACTERS = 64

_VALUES = {character: value for value, character in enumerate(CROCKFORD)}
_GENERATOR = 0b100101  # x⁵ + x² + 1, primitive: multiplying by x visits all 31 non-zero elements
_READ_ALIKE = str.maketrans("ILO", "110")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212.·_/]+")
_NUMBER = re.compile(
    r"T([0-9]{5})([0-9A-HJKMNP-TV-Z]{4})([0-9]{5}|[1-9][0-9]{5,6})([0-9A-HJKMNP-TV-Z])"
)
_STATION_CODE = re.compile(r"[0-9]{5}")
_EPOCH_TAG = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}")
_COMBINING = re.compile(r"[\u0300-\u036f]+")
_VIETNAMESE = str.maketrans(
    {
        form: base
        for base, letters in {
            "a": "àáảãạăằắẳẵặâầấẩẫậ",
            "e": "èéẻẽẹêềếểễệ",
            "i": "ìíỉĩị",
            "o": "òóỏõọôồốổỗộơờớởỡợ",
            "u": "ùúủũụưừứửữự",
            "y": "ỳýỷỹỵ",
            "d": "đ",
        }.items()
        for letter in letters
        for form in (letter, letter.upper())
    }
)
"""The letters of the language at once; anything else takes the long way."""

_NO_NFD = str.maketrans({"đ": "d", "ð": "d"})


class DossierNumber(NamedTuple):
    """A provisional number: station (5 digits), log epoch (4 characters), counter from 1."""

    station_code: str
    epoch_tag: str
    counter: int

    def __str__(self) -> str:
        """The printed form, check character included."""
        return format_dossier_number(self.station_code, self.epoch_tag, self.counter)


def check_value(values: Iterable[int], state: int = 0) -> int:
    """The check symbol (0–31) of a word over GF(32): Damm's s ← x·(s + v), see H. M. Damm, 2004.

    `state` is the check of what stands before.
    """
    for value in values:
        state = (state ^ value) << 1
        if state & 0b100000:
            state ^= _GENERATOR
    return state


def check_character(text: str) -> str:
    """The check character of a word in Crockford's alphabet (upper case, no separators).

    Raises ValueError for a character outside the alphabet: callers pass what they formatted.
    """
    try:
        values = [_VALUES[character] for character in text]
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} is not in Crockford's alphabet") from None
    return CROCKFORD[check_value(values)]


def epoch_tag(nonce: bytes) -> str:
    """The first 20 bits of a log's nonce (at least 3 bytes) as four Crockford characters."""
    if len(nonce) < 3:
        raise ValueError("a nonce has at least 3 bytes")
    bits = int.from_bytes(nonce[:3], "big") >> 4
    return "".join(CROCKFORD[bits >> shift & 31] for shift in (15, 10, 5, 0))


def format_dossier_number(station_code: str, epoch_tag: str, counter: int) -> str:
    """`T26560-7KXM-00001-H`; counter 1 to MAXIMUM_COUNTER.

    Raises DomainError(DOSSIER_NUMBERS_EXHAUSTED) past the last counter, ValueError for parts that
    are not a station code or an epoch tag.
    """
    prefix, state = _number_prefix(station_code, epoch_tag)
    if counter > MAXIMUM_COUNTER:
        raise DomainError(ErrorCode.DOSSIER_NUMBERS_EXHAUSTED, fault=Fault.STATION)
    if counter < 1:
        raise ValueError("dossiers are counted from 1")
    digits = f"{counter:05d}"
    return f"{prefix}-{digits}-{CROCKFORD[check_value(map(int, digits), state)]}"


@lru_cache(maxsize=8)
def _number_prefix(station_code: str, epoch_tag: str) -> tuple[str, int]:
    """The part that stays the same for a run of the node, and its check so far."""
    if not (_STATION_CODE.fullmatch(station_code) and _EPOCH_TAG.fullmatch(epoch_tag)):
        raise ValueError("a dossier number needs a 5-digit station code and a 4-character tag")
    state = check_value(_VALUES[character] for character in f"T{station_code}{epoch_tag}")
    return f"T{station_code}-{epoch_tag}", state


def parse_dossier_number(text: str) -> DossierNumber:
    """The number in text as people type it: any case, blanks or dashes, I and L for 1, O for 0.

    Raises DomainError: DOSSIER_NUMBER_FORM when it has not the shape of a number of ours,
    DOSSIER_NUMBER_CHECK when the check character does not fit (a typing error).
    """
    if len(text) > MAXIMUM_TYPED_CHARACTERS:
        raise DomainError(ErrorCode.DOSSIER_NUMBER_FORM)
    compact = _SEPARATORS.sub("", text).upper().translate(_READ_ALIKE)
    match = _NUMBER.fullmatch(compact)
    if match is None:
        raise DomainError(ErrorCode.DOSSIER_NUMBER_FORM)
    if check_character(compact[:-1]) != match[4]:
        raise DomainError(ErrorCode.DOSSIER_NUMBER_CHECK)
    number = DossierNumber(match[1], match[2], int(match[3]))
    if number.counter == 0:
        raise DomainError(ErrorCode.DOSSIER_NUMBER_FORM)
    return number


def fold(text: str) -> str:
    """Text for accent-insensitive comparison: lower case, no accents, đ as d, single spaces."""
    text = text.translate(_VIETNAMESE)
    if not text.isascii():
        decomposed = unicodedata.normalize("NFD", text.casefold())
        text = _COMBINING.sub("", decomposed).translate(_NO_NFD)
    return " ".join(text.lower().split())
