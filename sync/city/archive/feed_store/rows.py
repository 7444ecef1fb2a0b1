"""From drafts to rows: what both implementations of the feed store do alike.

Pure. Responsible for: sequence numbers, encoded records, frontiers, the form of a snapshot.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from sync.city.archive.feed_store.port import Choose, Draft, FeedHead
from sync.protocol import merkle
from sync.protocol.feed import FeedKind
from sync.protocol.limits import EVENT_ID_BYTES
from sync.protocol.merkle import Frontier
from sync.protocol.record import CONTENT_JSON, Record, RecordTime, decode_record, encode_record

CHECKPOINT_ENTRIES: Final = 64
"""Entries between two stored frontiers: a root anywhere costs at most so many hashes more."""

CITY_CLOCK_QUALITY: Final = 2
TOLD_CODES: Final = ("conflict", "parked", "rejected")
"""Verdicts that a station is told of; and "entered" when one of them is over."""
ENTERED: Final = "entered"

SNAPSHOT_LABEL: Final = b"wes1/snapshot\x00"


class Row(NamedTuple):
    """One entry as it is stored."""

    sequence: int
    eid: bytes
    state_key: str
    raw: bytes
    frontier: bytes | None


class Extended(NamedTuple):
    """What an append changes."""

    head: FeedHead
    rows: list[Row]


def extend(head: FeedHead, drafts: Iterable[Draft], now_ms: int) -> Extended:
    """The feed with these drafts at its end."""
    frontier, size = head.frontier, head.size
    rows: list[Row] = []
    for draft in drafts:
        record = Record(
            sequence=size,
            kind=draft.kind,
            eid=draft.eid,
            subject=draft.subject,
            version=draft.version,
            time=RecordTime(0, now_ms, CITY_CLOCK_QUALITY),
            content_type=draft.content_type,
            body=draft.body,
        )
        raw = encode_record(record)
        stored = None if size % CHECKPOINT_ENTRIES else merkle.pack(frontier)
        rows.append(Row(size, draft.eid, draft.state_key, raw, stored))
        frontier = merkle.append(frontier, size, merkle.leaf_hash(raw))
        size += 1
    return Extended(head._replace(frontier=frontier, size=size), rows)


class Keyed(NamedTuple):
    """A stored entry with the key it is the newest of."""

    state_key: str
    raw: bytes


def snapshot(head: FeedHead, newest: Sequence[Keyed], choose: Choose, now_ms: int) -> Extended:
    """The feed with a snapshot at its end, where new readers begin."""
    decoded = [decode_record(keyed.raw) for keyed in newest]
    keys = {record.eid: keyed.state_key for record, keyed in zip(decoded, newest, strict=True)}
    kept = [Draft.of(record, keys[record.eid]) for record in choose(decoded)]
    body = msgspec.json.encode({"type": "snapshot", "entries": len(kept)})
    eid = sha256(SNAPSHOT_LABEL + head.fid + head.size.to_bytes(8)).digest()[:EVENT_ID_BYTES]
    marker = Draft(FeedKind.SNAPSHOT_MARKER, eid, body, content_type=CONTENT_JSON)
    after = extend(head, [marker, *kept], now_ms)
    begun = after.head._replace(start=head.size, start_frontier=head.frontier)
    return Extended(begun, after.rows)


def frontier_at(checkpoint: bytes, base: int, raws: Iterable[bytes]) -> Frontier:
    """The frontier after `raws`, the entries from `base` on, where `checkpoint` was stored."""
    leaves = (merkle.leaf_hash(raw) for raw in raws)
    return merkle.extend(merkle.unpack(checkpoint), base, leaves)


def cut(raws: Iterable[bytes], size_bytes: int) -> list[bytes]:
    """As many as fit, at least one when there is one."""
    taken: list[bytes] = []
    total = 0
    for raw in raws:
        total += len(raw)
        if taken and total > size_bytes:
            break
        taken.append(raw)
    return taken
