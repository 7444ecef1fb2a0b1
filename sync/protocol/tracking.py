"""The address under which a citizen follows a dossier or a number on a phone.

A token is one letter and 26 characters of Base32. `D`: the dossier's id, sixteen bytes of which ten
are random, so that nobody finds another's by trying; station and city read the same token without
telling each other. `N`: a number in the queue, four bytes of its row and twelve of an HMAC-SHA-256
under a key that never leaves the station; only the station knows it, and only on the same day.
Pure. It must not know where dossiers and numbers are kept.
"""

import base64
import binascii
import hmac
import re
from hashlib import sha256
from typing import Final, Literal, NamedTuple

DOSSIER_ID_BYTES: Final = 16
TICKET_ROW_BYTES: Final = 4
TICKET_PROOF_BYTES: Final = DOSSIER_ID_BYTES - TICKET_ROW_BYTES
KEY_BYTES: Final = 32
TOKEN_CHARACTERS: Final = 27

_TOKEN: Final = re.compile(r"[DN][A-Z2-7]{26}")
_LABEL: Final = b"wes1/ticket\0"


class Token(NamedTuple):
    """A token that was read: what it is of, and its sixteen bytes."""

    kind: Literal["dossier", "ticket"]
    value: bytes

    @property
    def ticket_row(self) -> int:
        """The row of the number it claims to be of."""
        return int.from_bytes(self.value[:TICKET_ROW_BYTES], "big")


def dossier_token(dossier_id: bytes) -> str:
    """The token of a dossier; ValueError for an id of another length."""
    if len(dossier_id) != DOSSIER_ID_BYTES:
        raise ValueError("a dossier's id has sixteen bytes")
    return "D" + _text(dossier_id)


def ticket_token(key: bytes, row: int, day: str) -> str:
    """The token of a number in the queue; `day` is the day of its queue."""
    place = row.to_bytes(TICKET_ROW_BYTES, "big")
    return "N" + _text(place + _proof(key, place, day))


def read_token(text: str) -> Token | None:
    """A token in either case; None for anything else."""
    token = text.upper()
    if _TOKEN.fullmatch(token) is None:
        return None
    try:
        value = base64.b32decode(token[1:] + "=" * 6)
    except binascii.Error:
        return None
    if _text(value) != token[1:]:
        return None  # spare bits are zero: one spelling of each token
    return Token("dossier" if token[0] == "D" else "ticket", value)


def is_of_ticket(token: Token, key: bytes, day: str) -> bool:
    """Whether this station gave the token to this number of this day."""
    place, proof = token.value[:TICKET_ROW_BYTES], token.value[TICKET_ROW_BYTES:]
    return token.kind == "ticket" and hmac.compare_digest(proof, _proof(key, place, day))


def _proof(key: bytes, place: bytes, day: str) -> bytes:
    return hmac.digest(key, _LABEL + place + day.encode(), sha256)[:TICKET_PROOF_BYTES]


def _text(value: bytes) -> str:
    return base64.b32encode(value).decode("ascii").rstrip("=")
