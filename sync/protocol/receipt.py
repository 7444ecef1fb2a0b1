"""The city receipt: signed proof that the city holds a log up to a size and root.

A receipt is issued only after the city's commit is durable. ``archived`` is what a verified backup
on separate storage holds, the only thing that ever lets a station purge.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol.canonical import Value, decode
from sync.protocol.control import check_size, sign_control
from sync.protocol.cose import LABEL_RECEIPT, FindKey, verify
from sync.protocol.fields import ControlMap, bytes_of, tuple_of, unsigned
from sync.protocol.handshake import (
    check_progress,
    encode_statuses,
    parse_statuses,
)
from sync.protocol.limits import (
    CITY_ID_BYTES,
    DIGEST_BYTES,
    GENERATION_BYTES,
    LOG_ID_BYTES,
    NONCE_BYTES,
    PROTOCOL_VERSION,
)

_KEYS: Final = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15})


class RecordStatus(IntEnum):
    """Why a stored record is not entered in the register like the others.

    Readers keep codes that they do not know; a newer city may have more of them.
    """

    DUPLICATE = 1
    CONFLICT = 2
    PARKED = 3
    REJECTED = 4
    UNKNOWN_KIND = 5
    WITHHELD = 6
    UNREADABLE = 7


def status_code(number: int) -> str:
    """A record status as the station stores it; numbers of a newer city stay visible."""
    try:
        return RecordStatus(number).name.lower()
    except ValueError:
        return f"code_{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReference:
    """The batch that a receipt answers: its range and the digest of its body."""

    first: int
    count: int
    body_digest: bytes


class Receipt(NamedTuple):
    """Records 0 … ``size``−1 of ``lid``, with this root, are committed at the city.

    The first ``archived`` of them are in a verified backup; the first ``applied`` are entered in
    the register, except those in ``statuses`` ((sequence, code), see RecordStatus).
    ``receipt_number`` grows by one with every receipt of the city; ``nonce`` is the session's.
    """

    city_id: bytes
    generation: bytes
    lid: bytes
    size: int
    root: bytes
    archived: int
    applied: int
    city_time_ms: int
    batch: BatchReference | None
    statuses: tuple[tuple[int, int], ...]
    receipt_number: int
    nonce: bytes | None


def sign_receipt(receipt: Receipt, key: Ed25519PrivateKey) -> bytes:
    """The signed receipt. Errors: TOO_LARGE (too many statuses)."""
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: receipt.city_id,
        3: receipt.generation,
        4: receipt.lid,
        5: receipt.size,
        6: receipt.root,
        7: receipt.archived,
        8: receipt.city_time_ms,
        9: _encode_batch(receipt.batch),
        10: encode_statuses(receipt.statuses),
        13: receipt.receipt_number,
        14: receipt.nonce,
        15: receipt.applied,
    }
    return sign_control(key, LABEL_RECEIPT, fields)


def verify_receipt(message: bytes, find_key: FindKey) -> Receipt:
    """The receipt in a message, once its signature is good.

    Errors: UNSUPPORTED, MALFORMED, those of ``cose.verify`` and ``canonical.decode``.
    """
    check_size(message)
    fields = ControlMap(decode(verify(message, LABEL_RECEIPT, find_key).payload), _KEYS)
    fields.version()
    receipt = Receipt(
        city_id=fields.bytes_of(2, CITY_ID_BYTES),
        generation=fields.bytes_of(3, GENERATION_BYTES),
        lid=fields.bytes_of(4, LOG_ID_BYTES),
        size=fields.unsigned(5),
        root=fields.bytes_of(6, DIGEST_BYTES),
        archived=fields.unsigned(7),
        applied=fields.unsigned(15),
        city_time_ms=fields.unsigned(8),
        batch=fields.optional(9, _batch),
        statuses=parse_statuses(fields.value(10), "key 10"),
        receipt_number=fields.unsigned(13),
        nonce=fields.optional(14, _nonce),
    )
    check_progress(receipt.archived, receipt.applied, receipt.size)
    return receipt


def _encode_batch(batch: BatchReference | None) -> Value:
    return None if batch is None else [batch.first, batch.count, batch.body_digest]


def _batch(value: Value, place: str) -> BatchReference:
    first, count, digest = tuple_of(value, 3, place)
    return BatchReference(
        first=unsigned(first, place),
        count=unsigned(count, place),
        body_digest=bytes_of(digest, DIGEST_BYTES, place),
    )


def _nonce(value: Value, place: str) -> bytes:
    return bytes_of(value, NONCE_BYTES, place)
