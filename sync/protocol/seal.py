"""Sealing of batch bodies: HPKE (RFC 9180) in base mode, suite 1.

Suite 1 is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305; the output is the 32-byte
encapsulated key followed by the ciphertext. ``info`` binds a body to its place in one log, so that
it opens nowhere else. Who sent it is the signature's affair, not HPKE's.
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from sync.protocol.canonical import encode
from sync.protocol.cose import LABEL_BATCH, raw_key_id
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import PUBLIC_KEY_BYTES

SUITE_1: Final = 1
OVERHEAD_BYTES: Final = 48
"""Bytes that sealing adds: 32 for the encapsulated key, 16 for the tag."""

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def batch_info(lid: bytes, first: int, count: int, root: bytes, label: str = LABEL_BATCH) -> bytes:
    """The context that a batch body is sealed under; ``label`` is that of its header."""
    return label.encode() + b"\0" + encode([lid, first, count, root])


def encryption_key(raw: bytes) -> X25519PublicKey:
    """The encryption key in 32 raw bytes. Errors: MALFORMED."""
    if len(raw) != PUBLIC_KEY_BYTES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "a public key has 32 bytes")
    return X25519PublicKey.from_public_bytes(raw)


def encryption_key_id(public_key: X25519PublicKey) -> bytes:
    """The first 8 bytes of the SHA-256 of the raw public key."""
    return raw_key_id(public_key.public_bytes_raw())


def seal(plaintext: bytes, recipient: X25519PublicKey, info: bytes) -> bytes:
    """Ciphertext that only the recipient opens, under the same ``info``. Not deterministic."""
    try:
        return _SUITE.encrypt(plaintext, recipient, info)
    except ValueError:
        # A public key of small order has no shared secret.
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "unusable encryption key") from None


def open_sealed(ciphertext: bytes, key: X25519PrivateKey, info: bytes) -> bytes:
    """The plaintext. Errors: CANNOT_OPEN for another key, another ``info`` or changed bytes."""
    try:
        return _SUITE.decrypt(ciphertext, key, info)
    except (InvalidTag, ValueError):
        raise ProtocolError(ProtocolErrorCode.CANNOT_OPEN, "batch body") from None
