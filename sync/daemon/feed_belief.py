"""A batch of the city's feed, believed or refused.

Responsible for holding a batch against what the station has of that feed and against what the city
offered. Rules: nothing counts before the signature, the station, the place in the feed and the root
fit. Pure. It must not know the network or sync.db.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.dictionary import DICTIONARIES
from sync.protocol import merkle
from sync.protocol.batch import SignedBatch
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.feed import (
    EVERY_STATION,
    Feed,
    Reader,
    open_feed_batch,
    parse_feed_batch,
)
from sync.protocol.merkle import Frontier
from sync.protocol.record import Record
from sync.protocol.seal import encryption_key_id

FIRST_OWN_FEED: Final = int(Feed.STATION)
"""Feeds with lower numbers are for every station."""


class FeedFault(StrEnum):
    """Why a feed is not read on; the values are kinds of notices in sync.db."""

    FORGED = "feed_forged"
    """Not the city's word, not for this station, or not what was asked for."""
    FORK = "feed_fork"
    """The city signed another history than the one that is here."""
    ROLLBACK = "feed_rollback"
    """The city has less of the feed than it once said."""


class RefusedFeedError(Exception):
    """A batch that is not believed; `detail` names the rule."""

    def __init__(self, fault: FeedFault, detail: str) -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault = fault
        self.detail = detail


class FeedRow(NamedTuple):
    """What sync.db has of one feed: `size` entries from the beginning, those from `oldest` on."""

    fid: bytes
    feed: int
    size: int
    root: bytes
    frontier: Frontier
    oldest: int


class FeedKeys(NamedTuple):
    """Whose word counts and what opens what is sealed for this station."""

    reader: Reader
    encryption_key: X25519PrivateKey


class Read(NamedTuple):
    """The entries of a batch and the feed after them."""

    row: FeedRow
    records: list[Record]


def read_feed_batch(data: bytes, row: FeedRow, keys: FeedKeys) -> Read:
    """The entries that continue `row`. Raises RefusedFeedError."""
    try:
        signed = parse_feed_batch(data, keys.reader)
        _check_place(signed, row, keys.reader.station)
        entries = open_feed_batch(
            signed,
            find_encryption_key=lambda kid: _own_key(kid, keys.encryption_key),
            find_dictionary=DICTIONARIES.get,
        )
    except ProtocolError as error:
        raise RefusedFeedError(FeedFault.FORGED, str(error.code)) from None
    frontier = merkle.extend(row.frontier, row.size, [entry.leaf for entry in entries])
    if merkle.root(frontier) != signed.header.root:
        raise RefusedFeedError(FeedFault.FORGED, str(ProtocolErrorCode.ROOT_MISMATCH))
    records = [entry.record for entry in entries if entry.record is not None]
    if len(records) != len(entries):
        raise RefusedFeedError(FeedFault.FORGED, "withheld entry")
    after = row._replace(size=row.size + len(entries), root=signed.header.root, frontier=frontier)
    return Read(after, records)


def _check_place(signed: SignedBatch, row: FeedRow, station: int) -> None:
    header = signed.header
    expected = station if row.feed >= FIRST_OWN_FEED else EVERY_STATION
    topic = row.feed if header.description is None else header.description.lane
    if (header.lid, header.first, header.station) != (row.fid, row.size, expected):
        raise RefusedFeedError(FeedFault.FORGED, "another place")
    if topic != row.feed:
        raise RefusedFeedError(FeedFault.FORGED, "another feed")
    if header.previous_root != row.root:
        raise RefusedFeedError(FeedFault.FORK, "root before the batch")


def _own_key(kid: bytes, key: X25519PrivateKey) -> X25519PrivateKey | None:
    return key if kid == encryption_key_id(key.public_key()) else None
