"""What a scanner read: an identity card's code, another code to route, or something to refuse.

Rules: the card's code is seven fields or more between bars, UTF-8, unsigned: it saves typing and
proves nothing. What is certain is kept, what is doubtful becomes a warning, and what a wrong
keyboard or code page has damaged is refused, never guessed into a name. No raw text is kept, no
input raises. This module must not know readers, ports or the present time.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from edge_node.domain.appointment import CODE_ALPHABET, CODE_CHARACTERS
from edge_node.domain.codes import fold, parse_dossier_number
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.person import (
    EARLIEST_BIRTH_YEAR,
    MAXIMUM_ADDRESS_CHARACTERS,
    Person,
    Sex,
    clean,
    identity_warnings,
    make_person,
)

MAXIMUM_SCAN_BYTES = 2048
MAXIMUM_FIELDS = 32
CARD_FIELDS = 7
REPEAT_WINDOW_S = 2.0
RENEWED_EARLY_YEARS = 2

WARNING_REPAIRED = "encoding_repaired"
WARNING_NO_DIACRITICS = "no_diacritics"
WARNING_BIRTH = "date_of_birth_unclear"
WARNING_ADDRESS = "address_unclear"

_EDGES = b" \t\r\n\x00\x02\x03\xef\xbb\xbf"
Kind = Literal["vietqr", "url", "dossier", "ticket", "appointment"]
_ROUTES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("vietqr", re.compile(r"000201[\x20-\x7e]{20,}")),
    ("url", re.compile(r"https?://[!-~]+", re.IGNORECASE)),
    ("ticket", re.compile(r"[A-Z][0-9]{3,6}")),
    ("dossier", re.compile(r"[A-Z][0-9]{2}(?:\.[0-9]{1,3}){1,3}-[0-9]{6}-[0-9]{4,6}")),
    # Digits alone are rather a number that was cut off.
    ("appointment", re.compile(rf"(?![0-9]+$)[{CODE_ALPHABET}]{{{CODE_CHARACTERS}}}")),
)
_OUR_NUMBER = re.compile(r"[Tt][0-9]{5}-[0-9A-Za-z]{4}-[0-9]{5,7}-[0-9A-Za-z]")
_DATE = re.compile(r"[0-9]{7,8}")
_DATE_LIKE = re.compile(r"[0-9/.\-]{0,10}")
# What UTF-8 Vietnamese looks like after a wrong code page: lead bytes C4-C6 are no Vietnamese
# letters, E1 BA and E1 BB end in signs, and U+FFFD says that something is lost.
_DAMAGED = re.compile(r"[ÄÅÆªº»\ufffd\x80-\x9f]|Ã(?=[^\w |]|$)")
_NO_VOWEL = re.compile(r"\b[bcdfghjklmnpqrstvwxz]{2,}\b")
_SEXES = {"nam": Sex.MALE, "nữ": Sex.FEMALE, "nu": Sex.FEMALE}


@dataclass(frozen=True, slots=True, repr=False)
class CardScan:
    """An identity card; `extra_fields` counts the fields after the seventh, which are ignored."""

    person: Person
    warnings: tuple[str, ...]
    extra_fields: int
    issued_on: date | None = None


@dataclass(frozen=True, slots=True)
class RoutedScan:
    """Another code of ours or of a bank, for whoever handles its kind."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class RefusedScan:
    """Nothing usable; the code says why."""

    code: ErrorCode


Scan = CardScan | RoutedScan | RefusedScan


class RepeatFilter:
    """Drops the same code read again within two seconds; keeps a digest, never the text."""

    def __init__(self) -> None:
        self._digest = b""
        self._seen_s = 0.0

    def is_repeat(self, raw: bytes, monotonic_s: float) -> bool:
        """Whether this read repeats the last one; a card left under the reader stays one event."""
        digest = hashlib.sha256(raw.strip(_EDGES)).digest()
        repeat = digest == self._digest and 0 <= monotonic_s - self._seen_s <= REPEAT_WINDOW_S
        self._digest, self._seen_s = digest, monotonic_s
        return repeat


def is_past_renewal(card: CardScan, today: date, renewal_ages: tuple[int, ...]) -> bool:
    """Whether a renewal age has passed since the card was issued: it may be out of date.

    The code holds no day of expiry; a card issued up to two years before such an age counts as
    renewed. What the code does not say is no reason to doubt.
    """
    born, issued = card.person.date_of_birth, card.issued_on
    if born is None or issued is None:
        return False
    return any(
        issued < _birthday(born, age - RENEWED_EARLY_YEARS) and _birthday(born, age) <= today
        for age in renewal_ages
    )


def _birthday(born: date, age: int) -> date:
    try:
        return born.replace(year=born.year + age)
    except ValueError:  # 29 February: a year older on 1 March of a common year
        return date(born.year + age, 3, 1)


def parse_scan(raw: bytes) -> Scan:
    """The meaning of one read, line end included. Never raises; work is bounded by the limits."""
    if len(raw) > MAXIMUM_SCAN_BYTES:
        return RefusedScan(ErrorCode.SCAN_TOO_LONG)
    data = raw.strip(_EDGES)
    if not data:
        return RefusedScan(ErrorCode.SCAN_EMPTY)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return RefusedScan(ErrorCode.SCAN_UNREADABLE)
    repaired = _repair(text)
    text = unicodedata.normalize("NFC", repaired or text)
    if "|" in text:
        return _parse_card(text, repaired=repaired is not None)
    return _route(text)


def _repair(text: str) -> str | None:
    """The text a reader spoiled by taking UTF-8 for Latin-1 or CP1252; None if it did not."""
    if text.isascii():
        return None
    spoiled = bytearray()
    for character in text:
        try:
            spoiled += character.encode("latin-1")
        except UnicodeEncodeError:
            try:
                spoiled += character.encode("cp1252")
            except UnicodeEncodeError:
                return None
    try:
        return spoiled.decode()
    except UnicodeDecodeError:
        return None


def _route(text: str) -> RoutedScan | RefusedScan:
    for kind, form in _ROUTES:
        if form.fullmatch(text):
            return RoutedScan(kind, text)
    if not _OUR_NUMBER.fullmatch(text):
        return RefusedScan(_why_no_card(text))
    try:
        return RoutedScan("dossier", str(parse_dossier_number(text)))
    except DomainError:
        return RefusedScan(ErrorCode.SCAN_UNREADABLE)


def _why_no_card(text: str) -> ErrorCode:
    if text.isascii() and text.isdigit():
        return {9: ErrorCode.SCAN_OLD_NUMBER, 12: ErrorCode.SCAN_CUT}.get(
            len(text), ErrorCode.SCAN_NUMBER_LENGTH
        )
    return ErrorCode.SCAN_NOT_A_CARD


def _parse_card(text: str, *, repaired: bool) -> CardScan | RefusedScan:
    fields = [field.strip() for field in text.split("|")]
    refusal = _refuse_form(text, fields)
    if refusal is not None:
        return RefusedScan(refusal)
    number, _old, name, birth, sex, address, issued = fields[:CARD_FIELDS]
    warnings = []
    if repaired:
        warnings.append(WARNING_REPAIRED)
    if text.isascii():
        warnings.append(WARNING_NO_DIACRITICS)
    born, born_clearly = _read_date(birth)
    if not born_clearly:
        warnings.append(WARNING_BIRTH)
    if len(clean(address)) > MAXIMUM_ADDRESS_CHARACTERS or not clean(address).isprintable():
        address = ""
        warnings.append(WARNING_ADDRESS)
    try:
        person = make_person(
            full_name=name,
            id_number=number,
            date_of_birth=born.isoformat() if born else "",
            sex=_SEXES[sex.lower()],
            address=address,
            phone="",
        )
    except DomainError:
        return RefusedScan(ErrorCode.SCAN_UNREADABLE)
    warnings += identity_warnings(person)
    return CardScan(person, tuple(warnings), len(fields) - CARD_FIELDS, _read_date(issued)[0])


def _refuse_form(text: str, fields: list[str]) -> ErrorCode | None:
    number = fields[0]
    digits = number.isascii() and number.isdigit()
    if len(fields) > MAXIMUM_FIELDS or (not digits and len(fields) < CARD_FIELDS):
        return ErrorCode.SCAN_NOT_A_CARD
    if len(fields) < CARD_FIELDS:
        return ErrorCode.SCAN_CUT
    if not digits:
        return ErrorCode.SCAN_MANGLED
    if len(number) != 12:
        return ErrorCode.SCAN_OLD_NUMBER if len(number) == 9 else ErrorCode.SCAN_NUMBER_LENGTH
    if _DAMAGED.search(text):
        return ErrorCode.SCAN_UNREADABLE
    return ErrorCode.SCAN_MANGLED if _is_mangled(fields) else None


def _is_mangled(fields: list[str]) -> bool:
    """Whether an input method ate letters: sex, birth or name are not what a card holds.

    A keyboard-like scanner under Telex loses accented letters, so that words lose their vowels.
    """
    name, birth, sex = fields[2], fields[3], fields[4]
    if sex.lower() not in _SEXES or not _DATE_LIKE.fullmatch(birth):
        return True
    return any(c.isdigit() for c in name) or _NO_VOWEL.search(fold(name)) is not None


def _read_date(text: str) -> tuple[date | None, bool]:
    """A ddmmyyyy date and whether it is beyond doubt; a lost leading zero is doubtful."""
    if not _DATE.fullmatch(text):
        return None, False
    digits = text.zfill(8)
    try:
        day = date(int(digits[4:]), int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return None, False
    return (day, len(text) == 8) if day.year >= EARLIEST_BIRTH_YEAR else (None, False)
