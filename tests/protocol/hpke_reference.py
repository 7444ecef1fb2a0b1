"""HPKE in base mode, suite 1, written from RFC 9180 alone, with a chosen ephemeral key.

The library seals with a random ephemeral key; test vectors need one that never changes. Being
written independently, this also proves that the library and the RFC agree.
"""

import hmac
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

KEM_SUITE: Final = b"KEM\x00\x20"
HPKE_SUITE: Final = b"HPKE\x00\x20\x00\x01\x00\x03"


def extract(suite: bytes, salt: bytes, label: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + secret, "sha256")


def expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """One block is enough for 32 bytes and less (RFC 5869 §2.3)."""
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.new(key, labelled + b"\x01", sha256).digest()[:length]


def key_and_nonce(shared_secret: bytes, info: bytes) -> tuple[bytes, bytes]:
    """The key schedule of RFC 9180 §5.1 for mode 0 without a pre-shared key."""
    context = (
        b"\x00"
        + extract(HPKE_SUITE, b"", b"psk_id_hash", b"")
        + extract(HPKE_SUITE, b"", b"info_hash", info)
    )
    secret = extract(HPKE_SUITE, shared_secret, b"secret", b"")
    key = expand(HPKE_SUITE, secret, b"key", context, 32)
    return key, expand(HPKE_SUITE, secret, b"base_nonce", context, 12)


def seal(
    plaintext: bytes, recipient: X25519PublicKey, info: bytes, ephemeral: X25519PrivateKey
) -> bytes:
    """The encapsulated key and the ciphertext (RFC 9180 §4.1, §5.2)."""
    encapsulated = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(recipient)
    pseudorandom = extract(KEM_SUITE, b"", b"eae_prk", shared)
    context = encapsulated + recipient.public_bytes_raw()
    shared_secret = expand(KEM_SUITE, pseudorandom, b"shared_secret", context, 32)
    key, nonce = key_and_nonce(shared_secret, info)
    return encapsulated + ChaCha20Poly1305(key).encrypt(nonce, plaintext, None)
