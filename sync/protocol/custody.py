"""The city's signed word that a batch is stored aside: no receipt, but no loss either.

It names the bytes, not a position of the log. A station that holds one sends this batch no more
and goes on; it never counts it as acknowledged and never purges because of it.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol.canonical import Value, decode
from sync.protocol.control import check_size, sign_control
from sync.protocol.cose import LABEL_CUSTODY, FindKey, verify
from sync.protocol.fields import ControlMap, bytes_of
from sync.protocol.limits import (
    CITY_ID_BYTES,
    DIGEST_BYTES,
    GENERATION_BYTES,
    LOG_ID_BYTES,
    NONCE_BYTES,
    PROTOCOL_VERSION,
)

_KEYS: Final = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 9, 14})


class CustodyReason(IntEnum):
    """Why a batch is stored aside; stations keep codes that they do not know."""

    EXPIRED = 1
    REVOKED = 2
    FORK = 3
    UNREADABLE = 4


NOT_RELEASED: Final = (CustodyReason.FORK, CustodyReason.UNREADABLE)
"""Reasons that a station acts on by itself: nobody at the city lets such bytes in later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """What is stored aside, and why.

    ``batch_digest`` is the SHA-256 of the whole batch as it came; its header says ``count`` entries
    of ``lid`` from ``first`` on. ``nonce`` is the session's, or None.
    """

    city_id: bytes
    generation: bytes
    batch_digest: bytes
    reason: int
    lid: bytes
    first: int
    count: int
    city_time_ms: int
    nonce: bytes | None


def sign_custody(custody: Custody, receipt_key: Ed25519PrivateKey) -> bytes:
    """The signed message, only after the bytes are durable."""
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: custody.city_id,
        3: custody.generation,
        4: custody.batch_digest,
        5: int(custody.reason),
        6: custody.lid,
        7: custody.first,
        8: custody.city_time_ms,
        9: custody.count,
        14: custody.nonce,
    }
    return sign_control(receipt_key, LABEL_CUSTODY, fields)


def verify_custody(message: bytes, find_receipt_key: FindKey) -> Custody:
    """The custody in a message, once its signature is good.

    Errors: UNSUPPORTED, MALFORMED, those of ``cose.verify`` and ``canonical.decode``.
    """
    check_size(message)
    fields = ControlMap(decode(verify(message, LABEL_CUSTODY, find_receipt_key).payload), _KEYS)
    fields.version()
    return Custody(
        city_id=fields.bytes_of(2, CITY_ID_BYTES),
        generation=fields.bytes_of(3, GENERATION_BYTES),
        batch_digest=fields.bytes_of(4, DIGEST_BYTES),
        reason=fields.unsigned(5),
        lid=fields.bytes_of(6, LOG_ID_BYTES),
        first=fields.unsigned(7),
        count=fields.unsigned(9),
        city_time_ms=fields.unsigned(8),
        nonce=fields.optional(14, lambda value, place: bytes_of(value, NONCE_BYTES, place)),
    )
