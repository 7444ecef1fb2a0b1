"""The simplest batch that can be trusted: an Ed25519 signature, then zstd of lines of JSON.

What every careful design comes down to when chain, sealing and proofs are left away; with the same
compressor, the same dictionary and the same signature library as ours.
"""

import hashlib
import sys
from functools import lru_cache
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from sync.dictionary import CURRENT_DICTIONARY

STATION_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"bench station").digest())
CITY_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"bench city").digest())
SIGNATURE_BYTES = 64
ROW_LEVEL = 1


class Head(msgspec.Struct):
    """What a row is found by; the rest of the body is skipped."""

    dossier_id: str
    type: str
    saved_at: str


_DECODER = msgspec.json.Decoder(Head)


class Line(NamedTuple):
    """A record and what it is found by."""

    head: Head
    body: bytes


def pack(bodies: list[bytes], level: int, *, dictionary: bool) -> bytes:
    """A signed batch."""
    shared = _dictionary().as_digested_dict if dictionary else None
    packed = zstd.compress(b"\n".join(bodies), level, zstd_dict=shared)
    return STATION_KEY.sign(packed) + packed


def check(batch: bytes) -> bytes:
    """The packed bytes, once the signature is good."""
    packed = batch[SIGNATURE_BYTES:]
    STATION_KEY.public_key().verify(batch[:SIGNATURE_BYTES], packed)
    return packed


def lines(packed: bytes) -> list[Line]:
    """The records in a packed batch."""
    bodies = zstd.decompress(packed, zstd_dict=_dictionary()).split(b"\n")
    return [Line(_DECODER.decode(body), body) for body in bodies]


def receipt(packed: bytes) -> bytes:
    """What the centre answers: digest and signature."""
    digest = hashlib.sha256(packed).digest()
    return digest + CITY_KEY.sign(digest)


def check_receipt(answer: bytes, batch: bytes) -> None:
    """That the receipt is for this batch. Raises on anything else."""
    digest = hashlib.sha256(batch[SIGNATURE_BYTES:]).digest()
    if answer[: len(digest)] != digest:
        raise ValueError("a receipt for something else")
    CITY_KEY.public_key().verify(answer[len(digest) :], digest)


def shrink(body: bytes) -> bytes:
    """One row, compressed by itself."""
    return zstd.compress(body, ROW_LEVEL, zstd_dict=_dictionary().as_digested_dict)


@lru_cache(maxsize=1)
def _dictionary() -> zstd.ZstdDict:
    return zstd.ZstdDict(CURRENT_DICTIONARY.content)
