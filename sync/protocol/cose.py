"""Signed objects: a narrow, strict profile of COSE_Sign1 (RFC 9052 §4) with Ed25519 (RFC 9864).

Tag 18, protected header ``{1: -19, 4: key id}``, empty unprotected header, the label as external
additional data, so that no signature can stand in for one of another type. The form is parsed by
hand and the signature is checked over the bytes received, before anything decodes the payload.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.protocol.canonical import decode
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap
from sync.protocol.heads import BYTES, head, read_bytes, skip
from sync.protocol.limits import (
    KEY_ID_BYTES,
    MAXIMUM_PROTECTED_BYTES,
    PUBLIC_KEY_BYTES,
    SIGNATURE_BYTES,
)

LABEL_BATCH: Final = "wes1/batch"
LABEL_RECEIPT: Final = "wes1/receipt"
LABEL_HELLO: Final = "wes1/hello"
LABEL_WELCOME: Final = "wes1/welcome"
LABEL_CERTIFICATE: Final = "wes1/cert"
LABEL_ENROLMENT: Final = "wes1/enrol"
LABEL_REQUEST: Final = "wes1/request"
LABEL_KEYSET: Final = "wes1/keyset"
LABEL_REKEY: Final = "wes1/rekey"
LABEL_REVOCATION: Final = "wes1/revocation"
LABEL_CUSTODY: Final = "wes1/custody"
LABEL_FEED: Final = "wes1/feed"
LABEL_RETURN: Final = "wes1/return"
LABEL_BLOB: Final = "wes1/blob"
LABEL_BLOB_RECEIPT: Final = "wes1/blob-receipt"

_TAGGED_ARRAY_OF_4: Final = b"\xd2\x84"
_EMPTY_MAP: Final = b"\xa0"
_CONTEXT: Final = b"\x6aSignature1"
_ALGORITHM: Final = 1
_KEY_ID: Final = 4
_ED25519: Final = -19
_PROTECTED_BEFORE_KEY_ID: Final = b"\xa2\x01\x32\x04\x48"
_PROTECTED_BYTES: Final = len(_PROTECTED_BEFORE_KEY_ID) + KEY_ID_BYTES


FindKey: TypeAlias = Callable[[bytes], Ed25519PublicKey | None]
"""Key id → the verifying key, or None for a stranger's."""


class Verified(NamedTuple):
    """The payload of a signed object and the id of the key that signed it."""

    payload: bytes
    kid: bytes


class SignedParts(NamedTuple):
    """The three byte strings of a signed object; nothing is verified yet."""

    protected: bytes
    payload: bytes
    signature: bytes


def public_key(raw: bytes) -> Ed25519PublicKey:
    """The verifying key in 32 raw bytes. Errors: MALFORMED."""
    if len(raw) != PUBLIC_KEY_BYTES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "a public key has 32 bytes")
    return Ed25519PublicKey.from_public_bytes(raw)


def key_id(public_key: Ed25519PublicKey) -> bytes:
    """The first 8 bytes of the SHA-256 of the raw public key."""
    return raw_key_id(public_key.public_bytes_raw())


def raw_key_id(raw: bytes) -> bytes:
    """The key id of a raw public key of either kind, signing or encryption."""
    return sha256(raw).digest()[:KEY_ID_BYTES]


def sign(key: Ed25519PrivateKey, label: str, payload: bytes) -> bytes:
    """The signed object over this payload."""
    protected = _PROTECTED_BEFORE_KEY_ID + key_id(key.public_key())
    signature = key.sign(_to_be_signed(protected, label, payload))
    return b"".join(
        [
            _TAGGED_ARRAY_OF_4,
            head(BYTES, len(protected)),
            protected,
            _EMPTY_MAP,
            head(BYTES, len(payload)),
            payload,
            head(BYTES, SIGNATURE_BYTES),
            signature,
        ]
    )


def verify(message: bytes, label: str, find_key: FindKey) -> Verified:
    """The payload, once the key named in it has been found and has signed it under this label.

    Errors: MALFORMED, NOT_CANONICAL, UNSUPPORTED (algorithm, header), UNKNOWN_KEY, BAD_SIGNATURE.
    """
    return verify_parts(_parse(message), label, find_key)


def verify_parts(parts: SignedParts, label: str, find_key: FindKey) -> Verified:
    """As ``verify``, for an object that has been taken apart. Errors: the same but for form."""
    kid = _key_id_of(parts.protected)
    key = find_key(kid)
    if key is None:
        raise ProtocolError(ProtocolErrorCode.UNKNOWN_KEY, kid.hex())
    try:
        key.verify(parts.signature, _to_be_signed(parts.protected, label, parts.payload))
    except InvalidSignature:
        raise ProtocolError(ProtocolErrorCode.BAD_SIGNATURE, label) from None
    return Verified(parts.payload, kid)


def signer(message: bytes) -> bytes:
    """The key id a signed object names. Nothing is verified: only good for choosing a key."""
    return _key_id_of(_parse(message).protected)


def unverified_payload(message: bytes) -> bytes:
    """The payload before verification, for objects that carry their own key."""
    return _parse(message).payload


def split_first(data: bytes) -> tuple[bytes, bytes]:
    """The first item of a CBOR sequence, a signed object or a plain one, and the rest."""
    end = skip(data, 1 if data[:1] == _TAGGED_ARRAY_OF_4[:1] else 0)
    return data[:end], data[end:]


def read_signed(message: bytes) -> tuple[SignedParts, int]:
    """The signed object that ``message`` begins with, and the offset after it.

    Takes the same short time for whatever bytes. Errors: MALFORMED, NOT_CANONICAL, TOO_LARGE.
    """
    if message[:2] != _TAGGED_ARRAY_OF_4:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "not a COSE_Sign1 with tag 18")
    protected, offset = read_bytes(message, 2)
    if len(protected) > MAXIMUM_PROTECTED_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "protected header")
    if message[offset : offset + 1] != _EMPTY_MAP:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "the unprotected header must be empty")
    payload, offset = read_bytes(message, offset + 1)
    signature, offset = read_bytes(message, offset)
    if len(signature) != SIGNATURE_BYTES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "a signature has 64 bytes")
    return SignedParts(protected, payload, signature), offset


def _parse(message: bytes) -> SignedParts:
    parts, end = read_signed(message)
    if end != len(message):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "trailing bytes")
    return parts


def _key_id_of(protected: bytes) -> bytes:
    # The one form that is ever written; whatever else comes is read with care, for its error.
    if len(protected) == _PROTECTED_BYTES and protected.startswith(_PROTECTED_BEFORE_KEY_ID):
        return protected[-KEY_ID_BYTES:]
    fields = ControlMap(decode(protected), frozenset({_ALGORITHM, _KEY_ID}))
    if fields.value(_ALGORITHM) != _ED25519:
        raise ProtocolError(ProtocolErrorCode.UNSUPPORTED, "signature algorithm")
    return fields.bytes_of(_KEY_ID, KEY_ID_BYTES)


def _to_be_signed(protected: bytes, label: str, payload: bytes) -> bytes:
    aad = label.encode()
    return b"".join(
        [
            b"\x84",
            _CONTEXT,
            head(BYTES, len(protected)),
            protected,
            head(BYTES, len(aad)),
            aad,
            head(BYTES, len(payload)),
            payload,
        ]
    )
