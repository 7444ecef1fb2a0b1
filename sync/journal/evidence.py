"""Records of the protocol itself that a station appends: time, acknowledgements, alerts.

Responsible for their bodies (SPEC: kinds 1, 2, 5) and for command ids that follow from the body, so
that saying the same thing twice is one record. It must not know where the facts come from.
"""

from hashlib import sha256
from typing import Final, NamedTuple

from sync.journal.journal import LANE_DOSSIERS, LANE_URGENT, JournalEvent
from sync.protocol.canonical import Value, encode
from sync.protocol.limits import EVENT_ID_BYTES
from sync.protocol.record import CONTENT_CBOR, Kind

ANCHOR_LABEL: Final = b"wes1/anchor\x00"
FEED_ACK_LABEL: Final = b"wes1/feed-ack\x00"
ALERT_LABEL: Final = b"wes1/alert\x00"


class Anchor(NamedTuple):
    """The city's signed time as heard between two moments of one boot (ms)."""

    nonce: bytes
    city_time_ms: int
    boot_id: bytes
    mono_sent: int
    mono_received: int


def time_anchor(anchor: Anchor) -> JournalEvent:
    """Ties this boot's monotonic clock to the city's time."""
    nonce, city_time_ms, boot_id, mono_sent, mono_received = anchor
    body: dict[int | str, Value] = {
        1: city_time_ms,
        2: nonce,
        3: boot_id,
        4: mono_sent,
        5: mono_received,
    }
    return _event(Kind.TIME_ANCHOR, ANCHOR_LABEL, body, LANE_DOSSIERS)


def feed_acknowledgement(fid: bytes, size: int, root: bytes) -> JournalEvent:
    """The station applied the first `size` entries of a feed, whose root it names."""
    return _event(Kind.FEED_ACK, FEED_ACK_LABEL, {1: fid, 2: size, 3: root}, LANE_DOSSIERS)


def alert(code: str, lid: bytes | None, own: int, city: int) -> JournalEvent:
    """Something a person must look at; `own` and `city` are the two sizes or times compared."""
    body: dict[int | str, Value] = {1: code, 2: lid, 3: own, 4: city}
    return _event(Kind.ALERT, ALERT_LABEL, body, LANE_URGENT)


def _event(kind: Kind, label: bytes, body: dict[int | str, Value], lane: int) -> JournalEvent:
    data = encode(body)
    eid = sha256(label + data).digest()[:EVENT_ID_BYTES]
    return JournalEvent(eid, int(kind), None, 0, data, CONTENT_CBOR, lane)
