"""Records, their digests and identities, and the genesis record of a log.

``encode_record`` runs inside every commit, so it assembles the bytes by hand; tests hold it equal
to ``canonical.encode``. Bodies are opaque: nothing here looks into one except a genesis.
"""

from enum import IntEnum
from hashlib import sha256
from typing import Final, NamedTuple

from sync.protocol.canonical import Value, decode, encode
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, any_bytes, bytes_of, tuple_of, unsigned
from sync.protocol.heads import BYTES, UNSIGNED, head
from sync.protocol.limits import (
    BOOT_ID_BYTES,
    DIGEST_BYTES,
    EVENT_ID_BYTES,
    HARDWARE_ID_BYTES,
    LOG_ID_BYTES,
    LOG_NONCE_BYTES,
    MAXIMUM_INTEGER,
    MAXIMUM_QUALITY,
    MAXIMUM_RECORD_BYTES,
    NODE_ID_BYTES,
)

COMMAND_LABEL: Final = b"wes1/command\x00"
GENESIS_LABEL: Final = b"wes1/genesis\x00"
LOG_LABEL: Final = b"wes1/log\x00"
HARDWARE_LABEL: Final = b"wes1/hw\x00"

CONTENT_JSON: Final = 0
CONTENT_CBOR: Final = 1
FIRST_DOMAIN_KIND: Final = 16
EXT_ORIGIN: Final = 1
"""Key of ``ext``: [log id, sequence, boot id] of the first copy of a record journalled again."""

_FIELDS: Final = 8
_FIELDS_WITH_EXT: Final = 9
_INTEGER_BITS: Final = MAXIMUM_INTEGER.bit_length()
_NULL: Final = b"\xf6"
_BYTES_16: Final = b"\x50"
_GENESIS_KEYS: Final = frozenset(range(1, 12))


class Kind(IntEnum):
    """Record kinds of the protocol itself; domain kinds start at 16."""

    GENESIS = 0
    TIME_ANCHOR = 1
    FEED_ACK = 2
    KEY_ROTATION = 3
    CLOSE = 4
    ALERT = 5


class RecordTime(NamedTuple):
    """When a record was made, as far as the station could know.

    ``mono_ms`` counts from boot; ``wall_ms`` from 1970 UTC. Quality: 0 wall unknown, 1 floor or
    battery clock, 2 NTP since boot, 3 signed city time since boot.
    """

    mono_ms: int
    wall_ms: int | None
    quality: int


class Record(NamedTuple):
    """One event of a log. ``subject`` is the dossier id; ``version`` counts per dossier from 1."""

    sequence: int
    kind: int
    eid: bytes
    subject: bytes | None
    version: int
    time: RecordTime
    content_type: int
    body: bytes
    ext: dict[int | str, Value] | None = None


class LogIdentity(NamedTuple):
    """What makes one log of one station: its number in the database and a random nonce."""

    node_id: bytes
    number: int
    nonce: bytes
    lane: int


class Parent(NamedTuple):
    """Where the log before this one stood when this one was opened."""

    lid: bytes
    size: int
    root: bytes


class Genesis(NamedTuple):
    """The body of record 0 of every log."""

    identity: LogIdentity
    station: int
    parent: Parent | None
    boot_id: bytes
    reason: str
    software: str
    hardware_id: bytes
    last_receipt: int | None


def command_id(key: str) -> bytes:
    """The event id of the command that a client named with this idempotency key."""
    return sha256(COMMAND_LABEL + key.encode()).digest()[:EVENT_ID_BYTES]


def hardware_id(node_id: bytes, serial: str) -> bytes:
    """Tells a restored card from a cloned one; the board's serial number cannot be read back."""
    return sha256(HARDWARE_LABEL + node_id + serial.encode()).digest()[:HARDWARE_ID_BYTES]


def log_id(identity: LogIdentity) -> bytes:
    """The id of a log, a function of everything that makes it."""
    return sha256(LOG_LABEL + encode(list(identity))).digest()[:LOG_ID_BYTES]


def encode_record(record: Record) -> bytes:
    """The canonical bytes of a record. Errors: TOO_LARGE, MALFORMED (a field out of its range)."""
    sequence, kind, eid, subject, version, time, content_type, body, ext = record
    mono_ms, wall_ms, quality = time
    _check_record(record)
    parts = [
        b"\x88" if ext is None else b"\x89",
        head(UNSIGNED, sequence),
        head(UNSIGNED, kind),
        _BYTES_16,
        eid,
        _NULL if subject is None else _BYTES_16 + subject,
        head(UNSIGNED, version),
        b"\x83",
        head(UNSIGNED, mono_ms),
        _NULL if wall_ms is None else head(UNSIGNED, wall_ms),
        head(UNSIGNED, quality),
        head(UNSIGNED, content_type),
        head(BYTES, len(body)),
        body,
    ]
    if ext is not None:
        parts.append(encode(ext))
    data = b"".join(parts)
    if len(data) > MAXIMUM_RECORD_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "record")
    return data


def decode_record(source: Value | bytes) -> Record:
    """The record in these canonical bytes, or in a value already decoded from such bytes.

    Errors: MALFORMED, TOO_LARGE and those of ``canonical.decode``.
    """
    if isinstance(source, bytes):
        if len(source) > MAXIMUM_RECORD_BYTES:
            raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "record")
        source = decode(source)
    if not isinstance(source, list) or len(source) not in {_FIELDS, _FIELDS_WITH_EXT}:
        raise _malformed("a record has 8 or 9 fields")
    mono_ms, wall_ms, quality = tuple_of(source[5], 3, "record time")
    record = Record(
        sequence=unsigned(source[0], "sequence"),
        kind=unsigned(source[1], "kind"),
        eid=bytes_of(source[2], EVENT_ID_BYTES, "eid"),
        subject=None if source[3] is None else bytes_of(source[3], EVENT_ID_BYTES, "subject"),
        version=unsigned(source[4], "version"),
        time=RecordTime(
            unsigned(mono_ms, "mono_ms"),
            None if wall_ms is None else unsigned(wall_ms, "wall_ms"),
            unsigned(quality, "quality"),
        ),
        content_type=unsigned(source[6], "content_type"),
        body=any_bytes(source[7], "body"),
        ext=_ext(source[8]) if len(source) == _FIELDS_WITH_EXT else None,
    )
    _check_record(record)
    return record


def content_digest(record: Record) -> bytes:
    """What the record says, whatever its place and time: equal for equal commands."""
    return sha256(
        b"".join(
            [
                b"\x85",
                head(UNSIGNED, record.kind),
                _NULL if record.subject is None else _BYTES_16 + record.subject,
                head(UNSIGNED, record.version),
                head(UNSIGNED, record.content_type),
                head(BYTES, len(record.body)),
                record.body,
            ]
        )
    ).digest()


def genesis_record(genesis: Genesis, time: RecordTime) -> Record:
    """Record 0 of the log that this genesis opens."""
    node_id, number, nonce, lane = genesis.identity
    body = encode(
        {
            1: node_id,
            2: genesis.station,
            3: number,
            4: nonce,
            5: lane,
            6: None if genesis.parent is None else list(genesis.parent),
            7: genesis.boot_id,
            8: genesis.reason,
            9: genesis.software,
            10: genesis.hardware_id,
            11: genesis.last_receipt,
        }
    )
    eid = genesis_id(log_id(genesis.identity))
    return Record(0, int(Kind.GENESIS), eid, None, 0, time, CONTENT_CBOR, body)


def genesis_id(lid: bytes) -> bytes:
    """The event id of the genesis record of a log."""
    return sha256(GENESIS_LABEL + lid).digest()[:EVENT_ID_BYTES]


def parse_genesis(record: Record) -> Genesis:
    """What a genesis record says. Errors: MALFORMED, LOG_ID_MISMATCH (eid of another log)."""
    if (record.sequence, record.kind, record.content_type) != (0, Kind.GENESIS, CONTENT_CBOR):
        raise _malformed("not a genesis record")
    fields = ControlMap(decode(record.body), _GENESIS_KEYS)
    identity = LogIdentity(
        fields.bytes_of(1, NODE_ID_BYTES),
        fields.unsigned(3),
        fields.bytes_of(4, LOG_NONCE_BYTES),
        fields.unsigned(5),
    )
    if record.eid != genesis_id(log_id(identity)):
        raise ProtocolError(ProtocolErrorCode.LOG_ID_MISMATCH, "genesis eid")
    return Genesis(
        identity=identity,
        station=fields.unsigned(2),
        parent=fields.optional(6, parse_parent),
        boot_id=fields.bytes_of(7, BOOT_ID_BYTES),
        reason=fields.text(8),
        software=fields.text(9),
        hardware_id=fields.bytes_of(10, HARDWARE_ID_BYTES),
        last_receipt=fields.optional(11, unsigned),
    )


def parse_parent(value: Value, place: str) -> Parent:
    """``[log id, size, root]``."""
    lid, size, root = tuple_of(value, 3, place)
    return Parent(
        bytes_of(lid, LOG_ID_BYTES, place),
        unsigned(size, place),
        bytes_of(root, DIGEST_BYTES, place),
    )


def _check_record(record: Record) -> None:
    """The ranges that heads alone do not keep. On the hot path: one look at all numbers."""
    sequence, kind, eid, subject, version, time, content_type, _, _ = record
    mono_ms, wall_ms, quality = time
    numbers = sequence | kind | version | mono_ms | content_type | quality
    if wall_ms is not None:
        numbers |= wall_ms
    # A negative number or one beyond 63 bits leaves something above bit 62.
    if numbers >> _INTEGER_BITS:
        raise _malformed("a number is out of range")
    if quality > MAXIMUM_QUALITY:
        raise _malformed("quality")
    if len(eid) != EVENT_ID_BYTES:
        raise _malformed("eid")
    if subject is not None and len(subject) != EVENT_ID_BYTES:
        raise _malformed("subject")


def _ext(value: Value) -> dict[int | str, Value]:
    """Extension maps are kept, not judged: an old city never blocks a new station."""
    if not isinstance(value, dict) or not all(type(key) is int and key >= 0 for key in value):
        raise _malformed("ext is a map with unsigned integer keys")
    return value


def _malformed(detail: str) -> ProtocolError:
    return ProtocolError(ProtocolErrorCode.MALFORMED, detail)
