"""The header of a batch: the signed part, permanent evidence for the records it names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from sync.protocol.canonical import Value, decode, encode
from sync.protocol.compression import COMPRESSION_NONE, COMPRESSION_ZSTD
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, bytes_of, tuple_of, unsigned
from sync.protocol.limits import (
    BOOT_ID_BYTES,
    DIGEST_BYTES,
    KEY_ID_BYTES,
    LOG_ID_BYTES,
    LOG_NONCE_BYTES,
    MAXIMUM_BATCH_RECORDS,
    MAXIMUM_INTEGER,
    MAXIMUM_PLAINTEXT_BYTES,
    MAXIMUM_QUALITY,
    NODE_ID_BYTES,
    PROTOCOL_VERSION,
)
from sync.protocol.record import LogIdentity, Parent, RecordTime, log_id, parse_parent
from sync.protocol.seal import SUITE_1

_KEYS: Final = frozenset(range(1, 16))

LogIdOf: TypeAlias = Callable[[LogIdentity], bytes]
"""What makes the id of a log, or of a feed, from its parts."""


class SealedFor(NamedTuple):
    """The HPKE suite and the id of the encryption key."""

    suite: int
    kid: bytes


class Compression(NamedTuple):
    """How the plaintext was compressed: 0 none, 2 zstd; with which shared dictionary."""

    method: int
    dictionary: int | None


class SealingTime(NamedTuple):
    """When the batch was made: the boot and its clocks."""

    boot_id: bytes
    time: RecordTime


class LogDescription(NamedTuple):
    """What, with the node id, makes the log's id; and the log before it."""

    number: int
    nonce: bytes
    lane: int
    parent: Parent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHeader:
    """Keys 2–15 of the header, in their order. Roots are over the log up to that point."""

    node_id: bytes
    lid: bytes
    first: int
    count: int
    previous_root: bytes
    root: bytes
    sealed_for: SealedFor | None
    compression: Compression
    body_digest: bytes
    body_bytes: int
    plaintext_bytes: int
    sealed_at: SealingTime
    station: int
    description: LogDescription | None


def encode_header(header: BatchHeader) -> bytes:
    """The canonical bytes that are signed."""
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: header.node_id,
        3: header.lid,
        4: header.first,
        5: header.count,
        6: header.previous_root,
        7: header.root,
        8: None if header.sealed_for is None else list(header.sealed_for),
        9: list(header.compression),
        10: header.body_digest,
        11: header.body_bytes,
        12: header.plaintext_bytes,
        13: encode_sealing_time(header.sealed_at),
        14: header.station,
    }
    if header.description is not None:
        number, nonce, lane, parent = header.description
        fields[15] = [number, nonce, lane, *((None, None, None) if parent is None else parent)]
    return encode(fields)


def parse_header(payload: bytes, id_of: LogIdOf = log_id) -> BatchHeader:
    """The header in a verified payload; ``id_of`` is the formula that the log's id must follow.

    Errors: MALFORMED, UNSUPPORTED (version, suite, compression, unknown key), TOO_LARGE,
    LOG_ID_MISMATCH and those of ``canonical.decode``.
    """
    fields = ControlMap(decode(payload), _KEYS)
    fields.version()
    header = BatchHeader(
        node_id=fields.bytes_of(2, NODE_ID_BYTES),
        lid=fields.bytes_of(3, LOG_ID_BYTES),
        first=fields.unsigned(4),
        count=fields.unsigned(5),
        previous_root=fields.bytes_of(6, DIGEST_BYTES),
        root=fields.bytes_of(7, DIGEST_BYTES),
        sealed_for=fields.optional(8, _sealed_for),
        compression=_compression(fields.value(9)),
        body_digest=fields.bytes_of(10, DIGEST_BYTES),
        body_bytes=fields.unsigned(11),
        plaintext_bytes=fields.unsigned(12),
        sealed_at=parse_sealing_time(fields.value(13), "key 13"),
        station=fields.unsigned(14),
        description=_description(fields.value(15)) if fields.has(15) else None,
    )
    _check_range(header)
    _check_log_id(header, id_of)
    return header


def encode_sealing_time(sealed_at: SealingTime) -> Value:
    """``[boot_id, mono_ms, wall_ms, quality]``."""
    return [sealed_at.boot_id, *sealed_at.time]


def parse_sealing_time(value: Value, place: str) -> SealingTime:
    """``[boot_id, mono_ms, wall_ms, quality]``."""
    boot_id, mono_ms, wall_ms, quality = tuple_of(value, 4, place)
    time = RecordTime(
        unsigned(mono_ms, place),
        None if wall_ms is None else unsigned(wall_ms, place),
        unsigned(quality, place),
    )
    if time.quality > MAXIMUM_QUALITY:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"{place}: quality")
    return SealingTime(bytes_of(boot_id, BOOT_ID_BYTES, place), time)


def _sealed_for(value: Value, place: str) -> SealedFor:
    suite, kid = tuple_of(value, 2, place)
    if unsigned(suite, place) != SUITE_1:
        raise ProtocolError(ProtocolErrorCode.UNSUPPORTED, "sealing suite")
    return SealedFor(SUITE_1, bytes_of(kid, KEY_ID_BYTES, place))


def _compression(value: Value) -> Compression:
    method, dictionary = tuple_of(value, 2, "key 9")
    if unsigned(method, "key 9") not in {COMPRESSION_NONE, COMPRESSION_ZSTD}:
        raise ProtocolError(ProtocolErrorCode.UNSUPPORTED, "compression method")
    if dictionary is None:
        return Compression(unsigned(method, "key 9"), None)
    if method == COMPRESSION_NONE:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "key 9: a dictionary for nothing")
    return Compression(COMPRESSION_ZSTD, unsigned(dictionary, "key 9"))


def _description(value: Value) -> LogDescription:
    number, nonce, lane, *parent = tuple_of(value, 6, "key 15")
    return LogDescription(
        unsigned(number, "key 15"),
        bytes_of(nonce, LOG_NONCE_BYTES, "key 15"),
        unsigned(lane, "key 15"),
        None if parent == [None, None, None] else parse_parent(parent, "key 15"),
    )


def _check_range(header: BatchHeader) -> None:
    if header.count == 0 or header.first + header.count > MAXIMUM_INTEGER:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "key 5: count")
    if header.count > MAXIMUM_BATCH_RECORDS:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "entries of a batch")
    if header.plaintext_bytes > MAXIMUM_PLAINTEXT_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "plaintext")
    if header.first == 0 and header.description is None:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "key 15 is missing")


def _check_log_id(header: BatchHeader, id_of: LogIdOf) -> None:
    if header.description is None:
        return
    number, nonce, lane, _ = header.description
    if id_of(LogIdentity(header.node_id, number, nonce, lane)) != header.lid:
        raise ProtocolError(ProtocolErrorCode.LOG_ID_MISMATCH, "key 3")
