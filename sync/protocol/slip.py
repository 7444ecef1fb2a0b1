"""Citizen slips: what a printed paper proves without a network, and how it is written as a code.

A slip is an untagged COSE_Sign1 with no external data, so that any CWT library can read it, signed
by the station's *slip key*, which signs nothing else. Its claims name the record it stands for and
nobody's name, number or address. `issued_s` is advice; the position is what counts, and the end of
a slip key is told in positions.
"""

import base64
import binascii
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.protocol.canonical import Value, decode, encode
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, unsigned
from sync.protocol.heads import BYTES, head, read_bytes
from sync.protocol.limits import (
    MAXIMUM_SLIP_BYTES,
    MAXIMUM_SLIP_TEXT_BYTES,
    SIGNATURE_BYTES,
    SLIP_KEY_ID_BYTES,
    SLIP_PART_BYTES,
)

CHECK_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32: no I, L, O, U."""

_STATION: Final = 1
_ISSUED: Final = 6
_DOSSIER: Final = -1
_PROCEDURE: Final = -2
_DUE_DAY: Final = -3
_LOG: Final = -4
_SEQUENCE: Final = -5
_FEE: Final = -6
_LEAF: Final = -7
_TICKET: Final = -8
_CLAIMS: Final = frozenset(
    {
        *(_STATION, _ISSUED, _DOSSIER, _PROCEDURE, _DUE_DAY),
        *(_LOG, _SEQUENCE, _FEE, _LEAF, _TICKET),
    }
)
_ARRAY_OF_4: Final = b"\x84"
_EMPTY_MAP: Final = b"\xa0"
_CONTEXT: Final = b"\x84\x6aSignature1"
_NO_EXTERNAL_DATA: Final = b"\x40"
_PROTECTED_BEFORE_KEY_ID: Final = b"\xa2\x01\x32\x04\x44"
_PROTECTED_BYTES: Final = len(_PROTECTED_BEFORE_KEY_ID) + SLIP_KEY_ID_BYTES
_CHECK_BYTES: Final = 5
_URL: Final = re.compile(r"HTTPS?://[0-9A-Z.:-]{1,253}/R/([2-7A-Z]+)")
_BASE32: Final = re.compile(r"[2-7A-Z]+")
_HOST: Final = re.compile(r"[0-9A-Z.:-]{1,253}")

FindSlipKey: TypeAlias = Callable[[bytes], Ed25519PublicKey | None]
"""Slip key id, 4 bytes → the verifying key, or None for a stranger's."""


class Claims(NamedTuple):
    """What a slip says; None stands for what it leaves out.

    ``lid`` and ``leaf`` are the first 8 bytes of log id and leaf; ``due_day`` counts days since
    1970-01-01, ``issued_s`` seconds, ``fee_vnd`` đồng. There is a dossier, a ticket, or both.
    """

    station: str
    issued_s: int
    lid: bytes
    sequence: int
    dossier: str | None = None
    ticket: str | None = None
    procedure: str | None = None
    due_day: int | None = None
    fee_vnd: int | None = None
    leaf: bytes | None = None


class Slip(NamedTuple):
    """A verified slip: what it says and whose key said it."""

    claims: Claims
    kid: bytes


def slip_key_id(raw: bytes) -> bytes:
    """The first 4 bytes of the SHA-256 of the raw public key."""
    return sha256(raw).digest()[:SLIP_KEY_ID_BYTES]


def sign_slip(claims: Claims, slip_key: Ed25519PrivateKey) -> bytes:
    """The token. The same claims give the same bytes. Errors: MALFORMED, TOO_LARGE."""
    payload = encode(slip_claims(claims))
    read_claims(payload)
    kid = slip_key_id(slip_key.public_key().public_bytes_raw())
    protected = _PROTECTED_BEFORE_KEY_ID + kid
    signature = slip_key.sign(_to_be_signed(protected, payload))
    return b"".join(
        [
            *(_ARRAY_OF_4, head(BYTES, len(protected)), protected, _EMPTY_MAP),
            *(head(BYTES, len(payload)), payload, head(BYTES, SIGNATURE_BYTES), signature),
        ]
    )


def verify_slip(token: bytes, find_key: FindSlipKey) -> Slip:
    """What a token says, once the key named in it has been found and has signed it.

    Errors: TOO_LARGE, MALFORMED, UNSUPPORTED, UNKNOWN_KEY, BAD_SIGNATURE, those of decoding.
    """
    protected, payload, signature = _parse(token)
    kid = protected[len(_PROTECTED_BEFORE_KEY_ID) :]
    key = find_key(kid)
    if key is None:
        raise ProtocolError(ProtocolErrorCode.UNKNOWN_KEY, kid.hex())
    try:
        key.verify(signature, _to_be_signed(protected, payload))
    except InvalidSignature:
        raise ProtocolError(ProtocolErrorCode.BAD_SIGNATURE, "slip") from None
    return Slip(read_claims(payload), kid)


def signing_key_id(token: bytes) -> bytes:
    """The id of the key that a token names. Errors: TOO_LARGE, MALFORMED, UNSUPPORTED."""
    return _parse(token)[0][len(_PROTECTED_BEFORE_KEY_ID) :]


def unverified_claims(token: bytes) -> Claims:
    """What a token says before anybody believes it: only good to say whose it claims to be."""
    return read_claims(_parse(token)[1])


def slip_claims(claims: Claims) -> dict[int | str, Value]:
    """The claims as they stand in the token."""
    fields: dict[int | str, Value] = {
        _STATION: claims.station,
        _ISSUED: claims.issued_s,
        _DOSSIER: claims.dossier,
        _PROCEDURE: claims.procedure,
        _DUE_DAY: claims.due_day,
        _LOG: claims.lid,
        _SEQUENCE: claims.sequence,
        _FEE: claims.fee_vnd,
        _LEAF: claims.leaf,
        _TICKET: claims.ticket,
    }
    return {key: value for key, value in fields.items() if value is not None}


def read_claims(payload: bytes) -> Claims:
    """The claims in a payload that is verified, or about to be. Errors: as `verify_slip`."""
    fields = ControlMap(decode(payload), _CLAIMS)
    claims = Claims(
        station=_text(fields, _STATION),
        issued_s=fields.unsigned(_ISSUED),
        lid=fields.bytes_of(_LOG, SLIP_PART_BYTES),
        sequence=fields.unsigned(_SEQUENCE),
        dossier=_text(fields, _DOSSIER) if fields.has(_DOSSIER) else None,
        ticket=_text(fields, _TICKET) if fields.has(_TICKET) else None,
        procedure=_text(fields, _PROCEDURE) if fields.has(_PROCEDURE) else None,
        due_day=_number(fields, _DUE_DAY),
        fee_vnd=_number(fields, _FEE),
        leaf=fields.bytes_of(_LEAF, SLIP_PART_BYTES) if fields.has(_LEAF) else None,
    )
    if claims.dossier is None and claims.ticket is None:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "neither a dossier nor a ticket")
    return claims


def is_ended(positions: tuple[tuple[bytes, int], ...] | None, claims: Claims) -> bool:
    """Whether the end of a slip key takes this slip with it.

    ``positions`` are (log id, size): slips about the first ``size`` records of that log stay good;
    a log that is not named has none; None: no slip of the key is good.
    """
    if positions is None:
        return True
    sizes = {lid[:SLIP_PART_BYTES]: size for lid, size in positions}
    return claims.sequence >= sizes.get(claims.lid, 0)


def slip_check(token: bytes) -> str:
    """Eight characters to read aloud beside the number: `7KXM-00H2`."""
    number = int.from_bytes(sha256(token).digest()[:_CHECK_BYTES], "big")
    text = "".join(CHECK_ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{text[:4]}-{text[4:]}"


def slip_url(host: str, token: bytes) -> str:
    """The text of the printed code, in the characters of QR's alphanumeric mode.

    Errors: MALFORMED (a host with other characters than letters, digits, dot, colon, dash).
    """
    upper = host.upper()
    if _HOST.fullmatch(upper) is None:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "host of a slip")
    return f"HTTPS://{upper}/R/{base32(token)}"


def base32(token: bytes) -> str:
    """RFC 4648 Base32 without padding."""
    return base64.b32encode(token).decode().rstrip("=")


def read_slip_text(text: str) -> bytes:
    """The token in a scanned or typed text: the address, or its last part alone, in any case.

    Errors: TOO_LARGE, MALFORMED (also for bits left over that are not zero).
    """
    compact = "".join(text.split()).upper()
    if len(compact) > 2 * MAXIMUM_SLIP_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "slip")
    found = _URL.fullmatch(compact)
    coded = found[1] if found else compact
    if _BASE32.fullmatch(coded) is None:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "not the text of a slip")
    try:
        token = base64.b32decode(coded + "=" * (-len(coded) % 8))
    except binascii.Error:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "not Base32") from None
    if base32(token) != coded:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "bits left over")
    return token


def _text(fields: ControlMap, key: int) -> str:
    text = fields.text(key)
    if not 0 < len(text.encode()) <= MAXIMUM_SLIP_TEXT_BYTES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"key {key}: a short text was expected")
    return text


def _number(fields: ControlMap, key: int) -> int | None:
    return unsigned(fields.value(key), f"key {key}") if fields.has(key) else None


def _parse(token: bytes) -> tuple[bytes, bytes, bytes]:
    """Protected header, payload and signature; the form is checked before anything is decoded."""
    if len(token) > MAXIMUM_SLIP_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "slip")
    if token[:1] != _ARRAY_OF_4:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "not an untagged COSE_Sign1")
    protected, offset = read_bytes(token, 1)
    if len(protected) != _PROTECTED_BYTES or not protected.startswith(_PROTECTED_BEFORE_KEY_ID):
        raise ProtocolError(ProtocolErrorCode.UNSUPPORTED, "protected header of a slip")
    if token[offset : offset + 1] != _EMPTY_MAP:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "the unprotected header must be empty")
    payload, offset = read_bytes(token, offset + 1)
    signature, offset = read_bytes(token, offset)
    if len(signature) != SIGNATURE_BYTES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "a signature has 64 bytes")
    if offset != len(token):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "trailing bytes")
    return protected, payload, signature


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    return b"".join(
        [
            *(_CONTEXT, head(BYTES, len(protected)), protected, _NO_EXTERNAL_DATA),
            *(head(BYTES, len(payload)), payload),
        ]
    )
