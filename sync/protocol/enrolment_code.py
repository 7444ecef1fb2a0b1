"""The one-time code that brings station and city together: QR text, typed form, MACs.

The QR form carries everything, the hash of the city's roots too. The typed form is the secret alone
with two check characters; then the MAC of the city's answer is what proves that it is the city's.
Whether a code is past its time is for the city to say: a station's clock may be anywhere.
"""

import hmac
from base64 import b32decode, b32encode
from collections.abc import Mapping
from typing import Final, NamedTuple

from sync.protocol.canonical import Value, decode, encode
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap
from sync.protocol.limits import CODE_BYTES, DIGEST_BYTES, MAXIMUM_CODE_TEXT

QR_PREFIX: Final = "WES1:"

_KEYS: Final = frozenset(range(1, 6))
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32: no I, L, O and U."""
_LOOKS_LIKE: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
_DIGITS: Final = 26
_CHECK_DIGITS: Final = 2
_GROUP: Final = 4
_MODULUS: Final = 1021
"""The largest prime below 32²: every single wrong character and every swap of neighbours shows."""


class EnrolmentCode(NamedTuple):
    """What the city hands to the person who sets up a station; ``secret`` are 16 random bytes."""

    city_url: str
    root_hash: bytes
    station: int
    secret: bytes
    expires_ms: int


def qr_text(code: EnrolmentCode) -> str:
    """``WES1:`` and Base32 without padding: all of it fits a QR symbol's alphanumeric mode."""
    packed = encode(
        {
            1: code.city_url,
            2: code.root_hash,
            3: code.station,
            4: code.secret,
            5: code.expires_ms,
        }
    )
    return QR_PREFIX + b32encode(packed).decode().rstrip("=")


def read_qr(text: str) -> EnrolmentCode:
    """The code in a scanned text. Errors: MALFORMED, TOO_LARGE, those of ``canonical.decode``."""
    text = text.strip().upper()
    if len(text) > MAXIMUM_CODE_TEXT:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "enrolment code")
    if not text.startswith(QR_PREFIX):
        raise _malformed("not an enrolment code")
    packed = text.removeprefix(QR_PREFIX)
    try:
        data = b32decode(packed + "=" * (-len(packed) % 8))
    except ValueError:
        raise _malformed("not Base32") from None
    if b32encode(data).decode().rstrip("=") != packed:
        raise ProtocolError(ProtocolErrorCode.NOT_CANONICAL, "Base32")
    fields = ControlMap(decode(data), _KEYS)
    return EnrolmentCode(
        city_url=fields.text(1),
        root_hash=fields.bytes_of(2, DIGEST_BYTES),
        station=fields.unsigned(3),
        secret=fields.bytes_of(4, CODE_BYTES),
        expires_ms=fields.unsigned(5),
    )


def typed_form(secret: bytes) -> str:
    """The secret as people type it: seven groups of four, the last two characters a check."""
    if len(secret) != CODE_BYTES:
        raise _malformed("the secret of a code has 16 bytes")
    number = int.from_bytes(secret, "big")
    text = _base32(number, _DIGITS) + _base32(number % _MODULUS, _CHECK_DIGITS)
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def read_typed(text: str) -> bytes:
    """The secret in a typed code; case, spaces and hyphens do not matter, nor 0 for O.

    Errors: BAD_CHECK (mistyped), MALFORMED (not 28 characters of the alphabet).
    """
    characters = text.upper().translate(_LOOKS_LIKE)
    if len(characters) != _DIGITS + _CHECK_DIGITS:
        raise _malformed("a code has 28 characters")
    number = _number(characters[:_DIGITS])
    if number % _MODULUS != _number(characters[_DIGITS:]) or number >> (CODE_BYTES * 8):
        raise ProtocolError(ProtocolErrorCode.BAD_CHECK, "enrolment code")
    return number.to_bytes(CODE_BYTES, "big")


def check_expiry(expires_ms: int, now_ms: int) -> None:
    """The city's own look at the time of a code. Errors: CODE_EXPIRED."""
    if now_ms >= expires_ms:
        raise ProtocolError(ProtocolErrorCode.CODE_EXPIRED, "enrolment code")


def message_mac(secret: bytes, label: str, fields: Mapping[int | str, Value]) -> bytes:
    """HMAC-SHA256 of ``label``, a zero byte and these fields (those without the MAC itself)."""
    return hmac.digest(secret, label.encode() + b"\0" + encode(dict(fields)), "sha256")


def check_mac(secret: bytes, label: str, value: Value, key: int) -> None:
    """That the control map ``value`` holds in ``key`` the MAC of all its other fields.

    Errors: BAD_MAC, also when there is none.
    """
    if not isinstance(value, dict):
        raise _malformed("a map was expected")
    rest = {number: item for number, item in value.items() if number != key}
    mac = value.get(key)
    if not isinstance(mac, bytes) or not hmac.compare_digest(mac, message_mac(secret, label, rest)):
        raise ProtocolError(ProtocolErrorCode.BAD_MAC, f"key {key}")


def _base32(number: int, digits: int) -> str:
    return "".join(_ALPHABET[number >> 5 * at & 31] for at in reversed(range(digits)))


def _number(characters: str) -> int:
    number = 0
    for character in characters:
        digit = _ALPHABET.find(character)
        if digit < 0:
            raise _malformed("a character that no code has")
        number = number << 5 | digit
    return number


def _malformed(detail: str) -> ProtocolError:
    return ProtocolError(ProtocolErrorCode.MALFORMED, detail)
