"""The reference that ties a bank transfer to a payment, and the purpose text around it.

Rules: 13 characters without I, O, 0 and 1, the last one a check character, random and never used
twice, standing alone as a word, because banks prefix, cut and re-case what payers send; nothing
personal in it. The purpose has at most 19 characters of A-Z, 0-9 and blank: more is cut on the way.
This module must not know amounts, accounts or whom a payment is for.
"""

import re

from edge_node.domain.codes import check_value
from edge_node.domain.errors import DomainError, ErrorCode

REFERENCE_CHARACTERS = 13
REFERENCE_ENTROPY_BYTES = 8
MAXIMUM_PURPOSE_CHARACTERS = 19
MAXIMUM_STATEMENT_CHARACTERS = 1000

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_REFERENCE = re.compile(r"[A-HJ-NP-Z2-9]{13}")
_WORDS = re.compile(r"(?<![A-Z0-9])[A-HJ-NP-Z2-9]{13}(?![A-Z0-9])")
_PURPOSE = re.compile(r"[A-Z0-9]+(?: [A-Z0-9]+)*")


def make_payment_reference(entropy: bytes) -> str:
    """A reference of 60 random bits and a check character, from 8 random bytes."""
    if len(entropy) < REFERENCE_ENTROPY_BYTES:
        raise ValueError("a reference takes 8 random bytes")
    bits = int.from_bytes(entropy[:REFERENCE_ENTROPY_BYTES], "big") >> 4
    values = [bits >> shift & 31 for shift in range(55, -1, -5)]
    return "".join(_ALPHABET[value] for value in (*values, check_value(values)))


def parse_payment_reference(text: str) -> str:
    """The reference in text typed by a person, in upper case and without blanks.

    Raises DomainError: PAYMENT_REFERENCE_FORM, PAYMENT_REFERENCE_CHECK.
    """
    reference = "".join(text[:64].split()).upper()
    if not _REFERENCE.fullmatch(reference):
        raise DomainError(ErrorCode.PAYMENT_REFERENCE_FORM)
    if not _fits(reference):
        raise DomainError(ErrorCode.PAYMENT_REFERENCE_CHECK)
    return reference


def find_payment_references(statement: str) -> tuple[str, ...]:
    """References standing alone in the text of a bank's statement line, in order, each once."""
    words = _WORDS.findall(statement[:MAXIMUM_STATEMENT_CHARACTERS].upper())
    return tuple(dict.fromkeys(word for word in words if _fits(word)))


def make_purpose(reference: str, word: str = "") -> str:
    """The purpose of a transfer: an optional word that tells nothing personal, and the reference.

    Raises DomainError: PURPOSE_CHARACTERS, PURPOSE_TOO_LONG (maximum).
    """
    purpose = f"{word} {reference}" if word else reference
    if not _PURPOSE.fullmatch(purpose):
        raise DomainError(ErrorCode.PURPOSE_CHARACTERS)
    if len(purpose) > MAXIMUM_PURPOSE_CHARACTERS:
        raise DomainError(ErrorCode.PURPOSE_TOO_LONG, maximum=MAXIMUM_PURPOSE_CHARACTERS)
    return purpose


def _fits(reference: str) -> bool:
    values = [_VALUES[character] for character in reference]
    return check_value(values[:-1]) == values[-1]
