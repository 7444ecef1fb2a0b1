"""Bodies of the protocol's own records: time anchors, acknowledgements, key rotations, alerts.

They are the station's evidence in its own log. A body is a control map without a version; the event
id follows from the body, so that the same evidence written twice counts once.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

from sync.protocol.canonical import Value, decode, encode
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, bytes_of
from sync.protocol.limits import (
    BOOT_ID_BYTES,
    DIGEST_BYTES,
    EVENT_ID_BYTES,
    KEY_ID_BYTES,
    LOG_ID_BYTES,
    NONCE_BYTES,
)
from sync.protocol.record import CONTENT_CBOR, Kind, Record, RecordTime

EVENT_LABELS: Final[Mapping[Kind, bytes]] = {
    Kind.TIME_ANCHOR: b"wes1/anchor\x00",
    Kind.FEED_ACK: b"wes1/feed-ack\x00",
    Kind.KEY_ROTATION: b"wes1/rotation\x00",
    Kind.ALERT: b"wes1/alert\x00",
}


class TimeAnchor(NamedTuple):
    """The city's signed time against this boot's own clock, in milliseconds."""

    city_time_ms: int
    nonce: bytes
    boot_id: bytes
    mono_sent_ms: int
    mono_received_ms: int


class FeedAcknowledgement(NamedTuple):
    """The station has taken the first ``size`` entries of a feed, with this root."""

    fid: bytes
    size: int
    root: bytes


class KeyRotation(NamedTuple):
    """From now on the station signs with this key, under the certificate of this number."""

    kid: bytes
    serial: int


class Alert(NamedTuple):
    """Something a person must see; sizes are those of the log at the station and at the city."""

    code: str
    lid: bytes | None
    own_size: int
    city_size: int


ControlBody: TypeAlias = TimeAnchor | FeedAcknowledgement | KeyRotation | Alert

_KINDS: Final[Mapping[type[ControlBody], Kind]] = {
    TimeAnchor: Kind.TIME_ANCHOR,
    FeedAcknowledgement: Kind.FEED_ACK,
    KeyRotation: Kind.KEY_ROTATION,
    Alert: Kind.ALERT,
}


def control_record(content: ControlBody, sequence: int, time: RecordTime) -> Record:
    """The record that says this at this place of a log."""
    kind = _KINDS[type(content)]
    body = encode_body(content)
    return Record(sequence, int(kind), event_id(kind, body), None, 0, time, CONTENT_CBOR, body)


def encode_body(content: ControlBody) -> bytes:
    """The canonical bytes of a body: its fields under the keys from 1 on."""
    fields: dict[int | str, Value] = dict(enumerate(content, start=1))
    return encode(fields)


def event_id(kind: Kind, body: bytes) -> bytes:
    """``H(label ‖ body)[:16]``. Raises KeyError for a kind whose id does not follow from it."""
    return sha256(EVENT_LABELS[kind] + body).digest()[:EVENT_ID_BYTES]


def parse_control_record(record: Record) -> ControlBody:
    """What one of the protocol's own records says.

    Errors: MALFORMED (another kind, content type or event id; a field of another form),
    UNSUPPORTED (unknown key), those of ``canonical.decode``.
    """
    read = _READERS.get(record.kind)
    if read is None or record.content_type != CONTENT_CBOR:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "not a record of the protocol")
    if record.eid != event_id(Kind(record.kind), record.body):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "eid does not follow from the body")
    return read(decode(record.body))


def _anchor(value: Value) -> TimeAnchor:
    fields = ControlMap(value, frozenset(range(1, 6)))
    anchor = TimeAnchor(
        fields.unsigned(1),
        fields.bytes_of(2, NONCE_BYTES),
        fields.bytes_of(3, BOOT_ID_BYTES),
        fields.unsigned(4),
        fields.unsigned(5),
    )
    if anchor.mono_received_ms < anchor.mono_sent_ms:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "key 5: received before it was sent")
    return anchor


def _acknowledgement(value: Value) -> FeedAcknowledgement:
    fields = ControlMap(value, frozenset(range(1, 4)))
    return FeedAcknowledgement(
        fields.bytes_of(1, LOG_ID_BYTES), fields.unsigned(2), fields.bytes_of(3, DIGEST_BYTES)
    )


def _rotation(value: Value) -> KeyRotation:
    fields = ControlMap(value, frozenset({1, 2}))
    return KeyRotation(fields.bytes_of(1, KEY_ID_BYTES), fields.unsigned(2))


def _alert(value: Value) -> Alert:
    fields = ControlMap(value, frozenset(range(1, 5)))
    return Alert(
        fields.text(1),
        fields.optional(2, lambda item, place: bytes_of(item, LOG_ID_BYTES, place)),
        fields.unsigned(3),
        fields.unsigned(4),
    )


_READERS: Final[Mapping[int, Callable[[Value], ControlBody]]] = {
    int(Kind.TIME_ANCHOR): _anchor,
    int(Kind.FEED_ACK): _acknowledgement,
    int(Kind.KEY_ROTATION): _rotation,
    int(Kind.ALERT): _alert,
}
