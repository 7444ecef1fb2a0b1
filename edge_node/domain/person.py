"""A person as the desk needs them: name, identification number, birth, sex, address, telephone.

Rules: input is trimmed, put into NFC and checked once, here; what the identification number says
about birth and sex is only a warning, because numbers can be re-established; nothing in an error
repeats what was typed. Runs for every submission: no work per letter.
This module must not know of cards, readers or today's date.
"""

import re
import unicodedata
from datetime import date
from enum import StrEnum

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode

MAXIMUM_NAME_CHARACTERS = 100
MAXIMUM_ADDRESS_CHARACTERS = 250
EARLIEST_BIRTH_YEAR = 1880
IDENTITY_NUMBER_DIGITS = 12
WARNING_SEX = "sex_digit_mismatch"
WARNING_BIRTH_YEAR = "birth_year_mismatch"
WARNING_PROVINCE = "unknown_province"

# A letter first; then letters, their combining marks, blanks, apostrophe, hyphen, full stop.
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f '’.\-])*")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WRITTEN_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_PHONE = re.compile(r"(?:\+[1-9][0-9]{7,14}|0[0-9]{8,10}|1[0-9]{7})")
_PHONE_NOISE = str.maketrans("", "", " .-()")
# Places of birth registration: the codes of the 63 former provinces, in use for ever.
_PROVINCES = frozenset(
    f"{code:03d}"
    for code in (
        *(1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33),
        *(34, 35, 36, 37, 38, 40, 42, 44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64),
        *(66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84, 86, 87, 89, 91, 92, 93, 94),
        *(95, 96),
    )
)


class Sex(StrEnum):
    """As written on the identity card."""

    MALE = "male"
    FEMALE = "female"


_SEXES: dict[str, Sex | None] = {
    "": None,
    "male": Sex.MALE,
    "female": Sex.FEMALE,
    "Nam": Sex.MALE,
    "Nữ": Sex.FEMALE,
}


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A checked person; empty text and None mean "not given"."""

    full_name: str
    id_number: str
    date_of_birth: date | None = None
    sex: Sex | None = None
    address: str = ""
    phone: str = ""

    def __repr__(self) -> str:
        """Only the masked number: a representation may end up in a log or a traceback."""
        return f"Person({mask_identity_number(self.id_number)})"


def make_person(
    *, full_name: str, id_number: str, date_of_birth: str, sex: str, address: str, phone: str
) -> Person:
    """A person from typed text; birth, sex, address and telephone may be empty.

    Birth is `yyyy-mm-dd` or `d/m/yyyy`; sex `male`, `female`, `Nam` or `Nữ`; a telephone keeps its
    digits and `+84` becomes `0`. Raises DomainError naming the first field at fault.
    """
    return Person(
        full_name=_name(full_name),
        id_number=_identity_number(id_number),
        date_of_birth=_date_of_birth(date_of_birth.strip()) if date_of_birth else None,
        sex=_sex(sex),
        address=_address(address) if address else "",
        phone=read_phone(phone) if phone else "",
    )


def clean(text: str) -> str:
    """Text trimmed, with single blanks, in NFC."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def mask_identity_number(n: str) -> str:
    """`079•••••0017` for display: first three and last four characters of a 12-digit number."""
    if len(n) != IDENTITY_NUMBER_DIGITS:
        return "•" * len(n)
    return f"{n[:3]}•••••{n[-4:]}"


def identity_warnings(person: Person) -> tuple[str, ...]:
    """What the number says otherwise than the card: sex, year of birth, place of registration.

    The number is: 3 digits place, 1 digit century and sex (0 male 1900s, 1 female 1900s, 2 and 3
    2000s, 4 and 5 2100s), 2 digits year of birth, 6 digits. Warnings never refuse a person.
    """
    number = person.id_number
    century, female = divmod(int(number[3]), 2)
    warnings = []
    if person.sex is not None and (person.sex is Sex.FEMALE) != bool(female):
        warnings.append(WARNING_SEX)
    birth_year = 1900 + 100 * century + int(number[4:6])
    if person.date_of_birth is not None and person.date_of_birth.year != birth_year:
        warnings.append(WARNING_BIRTH_YEAR)
    if number[:3] not in _PROVINCES:
        warnings.append(WARNING_PROVINCE)
    return tuple(warnings)


def _name(text: str) -> str:
    if len(text) > 2 * MAXIMUM_NAME_CHARACTERS:  # a decomposed name may be twice as long
        raise DomainError(ErrorCode.NAME_TOO_LONG, maximum=MAXIMUM_NAME_CHARACTERS)
    name = clean(text)
    if not name:
        raise DomainError(ErrorCode.NAME_MISSING)
    if len(name) > MAXIMUM_NAME_CHARACTERS:
        raise DomainError(ErrorCode.NAME_TOO_LONG, maximum=MAXIMUM_NAME_CHARACTERS)
    # Letters and blanks are the common case; isalpha() is many times faster than the expression.
    if not name.replace(" ", "").isalpha() and _NAME.fullmatch(name) is None:
        raise DomainError(ErrorCode.NAME_INVALID)
    return name


def _identity_number(text: str) -> str:
    number = text if text.isdigit() else text.replace(" ", "")
    if not number:
        raise DomainError(ErrorCode.IDENTITY_NUMBER_MISSING)
    if not (number.isascii() and number.isdigit()):
        raise DomainError(ErrorCode.IDENTITY_NUMBER_DIGITS)
    if len(number) != IDENTITY_NUMBER_DIGITS:
        raise DomainError(ErrorCode.IDENTITY_NUMBER_LENGTH, length=len(number))
    return number


def _date_of_birth(text: str) -> date | None:
    if not text:
        return None
    try:
        if _ISO_DATE.fullmatch(text):
            birth = date.fromisoformat(text)
        elif match := _WRITTEN_DATE.fullmatch(text):
            birth = date(int(match[3]), int(match[2]), int(match[1]))
        else:
            raise DomainError(ErrorCode.DATE_OF_BIRTH_INVALID)
    except ValueError:
        raise DomainError(ErrorCode.DATE_OF_BIRTH_INVALID) from None
    if birth.year < EARLIEST_BIRTH_YEAR:
        raise DomainError(ErrorCode.DATE_OF_BIRTH_INVALID)
    return birth


def _sex(text: str) -> Sex | None:
    try:
        return _SEXES[text]
    except KeyError:
        raise DomainError(ErrorCode.SEX_INVALID) from None


def _address(text: str) -> str:
    if len(text) > 2 * MAXIMUM_ADDRESS_CHARACTERS:
        raise DomainError(ErrorCode.ADDRESS_TOO_LONG, maximum=MAXIMUM_ADDRESS_CHARACTERS)
    address = clean(text)
    if len(address) > MAXIMUM_ADDRESS_CHARACTERS:
        raise DomainError(ErrorCode.ADDRESS_TOO_LONG, maximum=MAXIMUM_ADDRESS_CHARACTERS)
    if not address.isprintable():
        raise DomainError(ErrorCode.ADDRESS_INVALID)
    return address


def read_phone(text: str) -> str:
    """A telephone number's digits, `+84` as `0`; "" for none. Raises DomainError(PHONE_INVALID)."""
    digits = text if text.isdigit() else text.translate(_PHONE_NOISE)
    if not digits:
        return ""
    if digits.startswith("+84"):
        digits = "0" + digits[3:].removeprefix("0")
    if _PHONE.fullmatch(digits) is None:
        raise DomainError(ErrorCode.PHONE_INVALID)
    return digits
