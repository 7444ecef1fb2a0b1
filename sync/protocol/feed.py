"""Feeds: logs that the city writes for its stations, in the form of the stations' own logs.

Same records, same tree, same batches; the feed key signs, under a label of its own. Public feeds
(catalogue, keys) are not sealed; the feed of one station is sealed for that station. Sequences
count from 0 and there is no genesis.
"""

from collections.abc import Callable
from enum import IntEnum
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sync.protocol.batch import BatchInput, Form, SignedBatch, build_batch, open_batch, parse_batch
from sync.protocol.batch_header import SealingTime
from sync.protocol.canonical import encode
from sync.protocol.compression import Dictionary
from sync.protocol.cose import LABEL_FEED, FindKey
from sync.protocol.entries import Entry
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import CITY_ID_BYTES, LOG_ID_BYTES, NODE_ID_BYTES
from sync.protocol.record import LogIdentity

FEED_LABEL: Final = b"wes1/feed\x00"
EVERY_STATION: Final = 0
"""The station number of a public feed."""


class Feed(IntEnum):
    """What a feed is about; it stands where a station's log has its lane."""

    CATALOGUE = 1
    KEYS = 2
    STATION = 16


class FeedKind(IntEnum):
    """Kinds of the city's records."""

    CATALOGUE_RELEASE = 64
    KEY_CHANGE = 65
    DECISION = 66
    RESULT_ARRIVED = 67
    PAYMENT_CONFIRMED = 68
    RECORD_STATUS = 69
    OFFICER = 70
    REASSIGNMENT = 71
    SNAPSHOT_MARKER = 72
    SLIP_KEY = 73
    BOOKING = 74
    BOOKING_CANCELLED = 75


class FeedIdentity(NamedTuple):
    """What makes one feed: the city, a number that grows with every new feed, a nonce, its topic.

    ``station`` is EVERY_STATION for a public feed.
    """

    city_id: bytes
    number: int
    nonce: bytes
    feed: int
    station: int


class FeedInput(NamedTuple):
    """What a feed batch is made of; roots are at ``first`` and at its end."""

    identity: FeedIdentity
    first: int
    previous_root: bytes
    root: bytes
    entries: list[bytes]
    sealed_at: SealingTime


class Reader(NamedTuple):
    """The station that reads a feed: which city it trusts and which station it is."""

    city_id: bytes
    station: int
    find_feed_key: FindKey


def feed_id(identity: FeedIdentity) -> bytes:
    """The id of a feed, 16 bytes, as a log has one."""
    return _id_of(_log_identity(identity))


def city_node_id(city_id: bytes) -> bytes:
    """What stands for a node id in the city's own batches: the city id, filled up with zeros."""
    return city_id.ljust(NODE_ID_BYTES, b"\0")


def build_feed_batch(
    feed_input: FeedInput,
    *,
    feed_key: Ed25519PrivateKey,
    recipient: X25519PublicKey | None,
    dictionary: Dictionary | None,
) -> bytes:
    """The bytes of a feed batch; ``recipient`` is the station's encryption key, None if public.

    Errors: MALFORMED (sealed or not against what the feed's station says), as ``build_batch``.
    """
    identity, first, previous_root, root, entries, sealed_at = feed_input
    if (recipient is None) != (identity.station == EVERY_STATION):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "a feed is either public or sealed")
    batch_input = BatchInput(
        identity=_log_identity(identity),
        parent=None,
        station=identity.station,
        first=first,
        previous_root=previous_root,
        root=root,
        entries=entries,
        sealed_at=sealed_at,
    )
    return build_batch(
        batch_input,
        signing_key=feed_key,
        recipient=recipient,
        dictionary=dictionary,
        form=_FORM,
    )


def parse_feed_batch(data: bytes, reader: Reader) -> SignedBatch:
    """The batch, once a feed key of this city has signed it for this station or for all.

    Errors: CITY_MISMATCH, NODE_MISMATCH (another station's), as ``parse_batch``.
    """
    signed = parse_batch(data, reader.find_feed_key, _FORM)
    if signed.header.node_id != city_node_id(reader.city_id):
        raise ProtocolError(ProtocolErrorCode.CITY_MISMATCH, "feed")
    if signed.header.station not in {EVERY_STATION, reader.station}:
        raise ProtocolError(ProtocolErrorCode.NODE_MISMATCH, "feed of another station")
    return signed


def open_feed_batch(
    signed: SignedBatch,
    *,
    find_encryption_key: Callable[[bytes], X25519PrivateKey | None],
    find_dictionary: Callable[[int], bytes | None],
) -> list[Entry]:
    """The entries of a feed batch. Errors: NOT_SEALED (a station's feed), as ``open_batch``."""
    return open_batch(
        signed,
        find_encryption_key=find_encryption_key,
        find_dictionary=find_dictionary,
        accept_unsealed=signed.header.station == EVERY_STATION,
    )


def _log_identity(identity: FeedIdentity) -> LogIdentity:
    # The topic may be a member of an enumeration; the wire carries a plain integer.
    return LogIdentity(
        city_node_id(identity.city_id), identity.number, identity.nonce, int(identity.feed)
    )


def _id_of(identity: LogIdentity) -> bytes:
    """The formula over the parts as they stand in a header, the city id with its zeros."""
    node_id, number, nonce, feed = identity
    if any(node_id[CITY_ID_BYTES:]):
        raise ProtocolError(ProtocolErrorCode.CITY_MISMATCH, "node id of a feed")
    parts = encode([node_id[:CITY_ID_BYTES], number, nonce, feed])
    return sha256(FEED_LABEL + parts).digest()[:LOG_ID_BYTES]


_FORM: Final = Form(LABEL_FEED, _id_of)
