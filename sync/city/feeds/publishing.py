"""From what the city announces to entries in its feeds.

Responsible for: the spool, where every process of the city may lay down entries, and the loop of
the server that appends them. Rules: what lies in the spool is taken away only after it is in its
feed; taken up twice it is still one entry; what cannot be read is put aside, not lost. It must not
know HTTP.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

import msgspec

from sync.city.archive.feed_store.port import Choose, Draft, FeedHead, FeedName, Limit
from sync.city.archive.values import ArchiveError
from sync.city.feeds.announcements import (
    Addressed,
    address,
    key_change,
    read_entry,
    status_draft,
)
from sync.city.feeds.desk import Feeds
from sync.city.feeds.releases import PackedRelease, current_releases
from sync.city.objects.store import Objects
from sync.city.shelf import Shelf
from sync.protocol.canonical import Value, decode, encode
from sync.protocol.errors import ProtocolError
from sync.protocol.feed import Feed, FeedKind
from sync.protocol.fields import ControlMap, any_bytes, bytes_of
from sync.protocol.limits import EVENT_ID_BYTES
from sync.protocol.record import decode_record

SPOOL: Final = "spool"
REFUSED_SPOOL: Final = "spool-refused"
LOOK_S: Final = 1.0
"""Between two looks at the spool."""
STATUS_LOOKS: Final = 3
"""Verdicts are looked at once in so many looks: all of them are read."""
MAXIMUM_AT_ONCE: Final = 256
"""Spooled items, or statuses, taken up in one transaction or one look."""

SNAPSHOT_ENTRIES: Final = 64
"""Entries since the last snapshot after which a feed for everybody gets another one."""

_KEYS: Final = frozenset(range(1, 9))


class _Marker(msgspec.Struct, frozen=True):
    """The body of a snapshot marker."""

    entries: int


_log = logging.getLogger(__name__)


class Publisher(NamedTuple):
    """What the loop moves between; `clock_ms` reads milliseconds since 1970 UTC."""

    shelf: Shelf
    feeds: Feeds
    clock_ms: Callable[[], int]


async def publish(shelf: Shelf, entries: Sequence[Addressed], now_ms: int) -> None:
    """Lay entries down for the running server, in this order. Raises ArchiveError."""
    for number, entry in enumerate(entries):
        name = f"{now_ms:014}-{number:04}-{entry.draft.eid.hex()}"
        await shelf.write(SPOOL, name, _encode(entry))


async def publish_release(
    shelf: Shelf, objects: Objects, packed: PackedRelease, now_ms: int
) -> None:
    """Put the files where stations fetch them, then announce them. Raises ArchiveError."""
    await objects.keep(packed.content)
    await publish(shelf, address(packed.announcement, 0), now_ms)


async def announce_key_change(shelf: Shelf, message: bytes, about: str, now_ms: int) -> None:
    """Tell every station of a signed revocation or certificate. Raises ArchiveError.

    Of several messages `about` one key, such as its id in hex, only the newest counts.
    """
    await publish(shelf, [key_change(message, about)], now_ms)


async def keep_publishing(publisher: Publisher) -> None:
    """Append what is laid down, for ever."""
    looks = itertools.count()
    while True:
        try:
            await publish_spooled(publisher)
            if next(looks) % STATUS_LOOKS == 0:
                await tell_statuses(publisher.feeds)
        except ArchiveError as error:
            _log.warning("publishing waits: %s", error.fault)
        await asyncio.sleep(LOOK_S)


async def tell_statuses(feeds: Feeds) -> None:
    """Tell every station what became of its records since it was last told. Raises ArchiveError."""
    while await feeds.tell_statuses(MAXIMUM_AT_ONCE, status_draft):
        pass


async def publish_spooled(publisher: Publisher) -> int:
    """Append what lies in the spool now; how many items that were. Raises ArchiveError."""
    names = sorted(await publisher.shelf.list(SPOOL))[:MAXIMUM_AT_ONCE]
    for item in names:
        content = await publisher.shelf.read(SPOOL, item)
        if content is None:
            continue  # another process of the city was faster
        try:
            name, draft = _decode(content)
            read_entry(draft)  # what the feed key signs is what stations can read
            await tell(publisher, name, [draft])
        except ProtocolError as error:
            _log.warning("spooled item %s put aside: %s", item, error)
            await publisher.shelf.write(REFUSED_SPOOL, item, content)
        await publisher.shelf.remove(SPOOL, item)
    return len(names)


async def tell(publisher: Publisher, name: FeedName, drafts: Sequence[Draft]) -> None:
    """Append to a feed what it does not hold yet, and a snapshot when it is long.

    Raises ArchiveError.
    """
    head = await publisher.feeds.append(name, drafts)
    choose = _snapshot(name, publisher.clock_ms())
    if choose is not None and await _is_long(publisher.feeds, head):
        await publisher.feeds.restate(name, choose)


async def _is_long(feeds: Feeds, head: FeedHead) -> bool:
    """Whether a new reader would read much more than it needs."""
    since = head.size - head.start
    if since <= SNAPSHOT_ENTRIES:
        return False
    found = await feeds.store.read(head.fid, head.start, Limit(1, 1))
    first = decode_record(found.entries[0]) if found and found.entries else None
    if first is None or first.kind != FeedKind.SNAPSHOT_MARKER:
        return True
    return since > SNAPSHOT_ENTRIES + 2 * msgspec.json.decode(first.body, type=_Marker).entries


def _snapshot(name: FeedName, now_ms: int) -> Choose | None:
    """What a new reader of this feed needs of it; None for a feed that is read whole."""
    if name.feed == Feed.CATALOGUE:
        today = _day(now_ms)
        return lambda entries: current_releases(entries, today)
    if name.feed == Feed.KEYS:
        return lambda entries: entries
    return None


def _day(now_ms: int) -> date:
    return datetime.fromtimestamp(now_ms / 1000, UTC).date()


def _encode(entry: Addressed) -> bytes:
    name, draft = entry
    fields: dict[int | str, Value] = {
        1: int(name.feed),
        2: name.station,
        3: int(draft.kind),
        4: draft.eid,
        5: draft.subject,
        6: draft.content_type,
        7: draft.body,
        8: draft.state_key,
    }
    return encode(fields)


def _decode(content: bytes) -> Addressed:
    fields = ControlMap(decode(content), _KEYS)
    subject = fields.optional(5, lambda value, place: bytes_of(value, EVENT_ID_BYTES, place))
    draft = Draft(
        kind=fields.unsigned(3),
        eid=fields.bytes_of(4, EVENT_ID_BYTES),
        body=any_bytes(fields.value(7), "key 7"),
        subject=subject,
        content_type=fields.unsigned(6),
        state_key=fields.text(8),
    )
    return Addressed(FeedName(fields.unsigned(1), fields.unsigned(2)), draft)
