"""Attachments: sealed once where they are captured, named by what was sealed, receipted apart.

An event names an attachment; its bytes travel below all events. The header is the station's word
on plain and sealed bytes; the receipt is the city's that the sealed bytes are durable there.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sync.protocol.batch_header import SealedFor
from sync.protocol.canonical import Value, decode
from sync.protocol.control import check_size, sign_control
from sync.protocol.cose import LABEL_BLOB, LABEL_BLOB_RECEIPT, FindKey, verify
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, bytes_of, tuple_of, unsigned
from sync.protocol.limits import (
    CITY_ID_BYTES,
    DIGEST_BYTES,
    EVENT_ID_BYTES,
    KEY_ID_BYTES,
    MAXIMUM_BLOB_BYTES,
    MAXIMUM_MEDIA_TYPE_BYTES,
    NODE_ID_BYTES,
    PROTOCOL_VERSION,
)
from sync.protocol.seal import OVERHEAD_BYTES, SUITE_1, encryption_key_id, open_sealed, seal

_HEADER_KEYS: Final = frozenset(range(1, 10))
_RECEIPT_KEYS: Final = frozenset({1, 2, 4, 8})
BLOB_LABEL: Final = b"wes1/blob\x00"


class SealedBlob(NamedTuple):
    """What capture keeps: the sealed bytes and what names them. Digests are SHA-256."""

    plain_digest: bytes
    plain_bytes: int
    sealed_for: SealedFor
    digest: bytes
    cipher: bytes


class BlobHeader(NamedTuple):
    """What the station says of an attachment; ``digest`` is that of the sealed bytes, its name.

    ``subject`` is the dossier's id, 16 bytes, or None.
    """

    node_id: bytes
    plain_digest: bytes
    plain_bytes: int
    sealed_for: SealedFor
    digest: bytes
    cipher_bytes: int
    media_type: str
    subject: bytes | None


class VerifiedBlob(NamedTuple):
    """A header and the id of the key that signed it."""

    header: BlobHeader
    kid: bytes


class BlobReceipt(NamedTuple):
    """The city holds the sealed bytes of this digest durably."""

    city_id: bytes
    digest: bytes
    city_time_ms: int


def seal_blob(plain: bytes, recipient: X25519PublicKey) -> SealedBlob:
    """The attachment sealed for the city; no private key is needed. Errors: TOO_LARGE."""
    if len(plain) > MAXIMUM_BLOB_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "attachment")
    plain_digest = sha256(plain).digest()
    cipher = seal(plain, recipient, BLOB_LABEL + plain_digest)
    return SealedBlob(
        plain_digest=plain_digest,
        plain_bytes=len(plain),
        sealed_for=SealedFor(SUITE_1, encryption_key_id(recipient)),
        digest=sha256(cipher).digest(),
        cipher=cipher,
    )


def sign_blob(header: BlobHeader, key: Ed25519PrivateKey) -> bytes:
    """The signed header. Errors: MALFORMED, TOO_LARGE (what no reader would accept)."""
    _check(header)
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: header.node_id,
        3: header.plain_digest,
        4: header.plain_bytes,
        5: list(header.sealed_for),
        6: header.digest,
        7: header.cipher_bytes,
        8: header.media_type,
        9: header.subject,
    }
    return sign_control(key, LABEL_BLOB, fields)


def verify_blob(message: bytes, find_key: FindKey) -> VerifiedBlob:
    """The header in a message, once its signature is good.

    That the key belongs to this ``node_id`` is for the caller to check.
    Errors: TOO_LARGE, UNSUPPORTED, MALFORMED, those of ``cose.verify`` and ``canonical.decode``.
    """
    check_size(message)
    verified = verify(message, LABEL_BLOB, find_key)
    fields = ControlMap(decode(verified.payload), _HEADER_KEYS)
    fields.version()
    header = BlobHeader(
        node_id=fields.bytes_of(2, NODE_ID_BYTES),
        plain_digest=fields.bytes_of(3, DIGEST_BYTES),
        plain_bytes=fields.unsigned(4),
        sealed_for=_sealed_for(fields.value(5)),
        digest=fields.bytes_of(6, DIGEST_BYTES),
        cipher_bytes=fields.unsigned(7),
        media_type=fields.text(8),
        subject=fields.optional(9, lambda value, place: bytes_of(value, EVENT_ID_BYTES, place)),
    )
    _check(header)
    return VerifiedBlob(header, verified.kid)


def check_cipher(header: BlobHeader, cipher: bytes) -> None:
    """That the sealed bytes are those that the header names. Errors: DIGEST_MISMATCH."""
    if (len(cipher), sha256(cipher).digest()) != (header.cipher_bytes, header.digest):
        raise ProtocolError(ProtocolErrorCode.DIGEST_MISMATCH, "sealed attachment")


def open_blob(
    header: BlobHeader,
    cipher: bytes,
    find_encryption_key: Callable[[bytes], X25519PrivateKey | None],
) -> bytes:
    """The attachment.

    Errors: DIGEST_MISMATCH (sealed or plain), UNKNOWN_ENCRYPTION_KEY, CANNOT_OPEN.
    """
    check_cipher(header, cipher)
    key = find_encryption_key(header.sealed_for.kid)
    if key is None:
        kid = header.sealed_for.kid.hex()
        raise ProtocolError(ProtocolErrorCode.UNKNOWN_ENCRYPTION_KEY, kid)
    plain = open_sealed(cipher, key, BLOB_LABEL + header.plain_digest)
    if (len(plain), sha256(plain).digest()) != (header.plain_bytes, header.plain_digest):
        raise ProtocolError(ProtocolErrorCode.DIGEST_MISMATCH, "attachment")
    return plain


def sign_blob_receipt(receipt: BlobReceipt, receipt_key: Ed25519PrivateKey) -> bytes:
    """The receipt, only after the sealed bytes are durable."""
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: receipt.city_id,
        4: receipt.digest,
        8: receipt.city_time_ms,
    }
    return sign_control(receipt_key, LABEL_BLOB_RECEIPT, fields)


def verify_blob_receipt(message: bytes, find_receipt_key: FindKey) -> BlobReceipt:
    """The receipt in a message, once its signature is good.

    Errors: UNSUPPORTED, MALFORMED, those of ``cose.verify`` and ``canonical.decode``.
    """
    check_size(message)
    payload = verify(message, LABEL_BLOB_RECEIPT, find_receipt_key).payload
    fields = ControlMap(decode(payload), _RECEIPT_KEYS)
    fields.version()
    return BlobReceipt(
        city_id=fields.bytes_of(2, CITY_ID_BYTES),
        digest=fields.bytes_of(4, DIGEST_BYTES),
        city_time_ms=fields.unsigned(8),
    )


def _sealed_for(value: Value) -> SealedFor:
    suite, kid = tuple_of(value, 2, "key 5")
    if unsigned(suite, "key 5") != SUITE_1:
        raise ProtocolError(ProtocolErrorCode.UNSUPPORTED, "sealing suite")
    return SealedFor(SUITE_1, bytes_of(kid, KEY_ID_BYTES, "key 5"))


def _check(header: BlobHeader) -> None:
    if header.plain_bytes > MAXIMUM_BLOB_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "attachment")
    if header.cipher_bytes != header.plain_bytes + OVERHEAD_BYTES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "key 7: length of the sealed bytes")
    if not 0 < len(header.media_type.encode()) <= MAXIMUM_MEDIA_TYPE_BYTES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "key 8: media type")
