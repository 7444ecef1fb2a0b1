"""The city's own logs, as stations see them.

Responsible for: what a WELCOME says of feeds, the signed batches a station fetches, and waiting for
news. Rules: a batch is made from entries that are durable; a feed of one station is sealed for that
station and shown to nobody else; nobody who waits holds a database connection; when a station has
seen more of a feed than the city has, the feed goes on under its next number, and every station
reads it again. It must not know HTTP.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.city.archive.feed_store.port import (
    Choose,
    Draft,
    DraftOf,
    FeedHead,
    FeedName,
    FeedStore,
    Limit,
    Slice,
    Stamp,
)
from sync.dictionary import CURRENT_DICTIONARY
from sync.protocol import merkle
from sync.protocol.batch_header import SealingTime
from sync.protocol.feed import (
    EVERY_STATION,
    Feed,
    FeedIdentity,
    FeedInput,
    build_feed_batch,
)
from sync.protocol.limits import LOG_NONCE_BYTES, MAXIMUM_BATCH_RECORDS
from sync.protocol.record import RecordTime
from sync.protocol.seal import encryption_key
from sync.protocol.session_extras import FeedHead as SeenHead
from sync.protocol.session_extras import FeedState

MAXIMUM_WAIT_S: Final = 55.0
"""A request is kept waiting for news at most so long: proxies give up after a minute."""
LOOK_S: Final = 2.0
"""Between two looks for what another process of the city appended."""
JITTER: Final = 0.2
"""A wait is shortened by up to this share, so that stations do not come back all at once."""
NEWS_SPREAD_S: Final = 5.0
"""News for every station is told over so long a time: their requests for it follow."""
MAXIMUM_WAITING: Final = 4096
"""Requests that may wait at one time."""

BATCH: Final = Limit(entries=MAXIMUM_BATCH_RECORDS, size_bytes=256 << 10)
RENAME_INTERVAL_MS: Final = 3_600_000
"""A feed for everybody is renamed at most so often, whatever stations say they have seen."""

_CITY_CLOCK: Final = 2
_NO_BOOT: Final = bytes(8)


class FeedReader(NamedTuple):
    """An enrolled station that reads; `encryption_key` is the raw key of its certificate."""

    node_id: bytes
    station: int
    encryption_key: bytes


FindReader = Callable[[bytes], Awaitable[FeedReader | None]]
"""The station with this node id, as long as it is enrolled and not revoked."""


class CityKeys(Protocol):
    """The city's id and the keys that are in use now; they may change while the server runs."""

    @property
    def city_id(self) -> bytes:
        """8 bytes."""

    @property
    def feed_key(self) -> Ed25519PrivateKey:
        """Signs feeds."""

    @property
    def receipt_key(self) -> Ed25519PrivateKey:
        """Signs receipts."""


class CityVoice(NamedTuple):
    """Who speaks in the feeds, and what that takes from outside.

    `clock_ms` reads milliseconds since 1970 UTC, `entropy(n)` gives random bytes, `fraction()` a
    number in [0, 1).
    """

    keys: CityKeys
    clock_ms: Callable[[], int]
    entropy: Callable[[int], bytes]
    fraction: Callable[[], float]


class NotForYouError(Exception):
    """There is no such feed for this station."""


class BeyondError(Exception):
    """The station asks for more than there is: it must greet again; `size` is what there is."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the feed has {size} entries")
        self.size = size


class _News:
    """Wakes who waits for a station's feeds; a feed for everybody wakes them all."""

    def __init__(self) -> None:
        self._events: dict[int, asyncio.Event] = {}

    def of(self, station: int) -> asyncio.Event:
        """Set at the next news; ask for it before looking, so that nothing is missed."""
        return self._events.setdefault(station, asyncio.Event())

    def ring(self, station: int) -> None:
        woken = list(self._events) if station == EVERY_STATION else [station]
        for each in woken:
            event = self._events.pop(each, None)
            if event is not None:
                event.set()


@dataclass
class Feeds:
    """The feeds of one city, in one of its processes."""

    store: FeedStore
    voice: CityVoice
    waiting: int = 0
    closing: bool = False
    _news: _News = field(default_factory=_News)

    async def append(self, name: FeedName, drafts: Sequence[Draft]) -> FeedHead:
        """Append what is not there yet, and wake who waits. Raises ArchiveError."""
        head = await self.store.append(name, drafts, self._stamp())
        self._news.ring(name.station)
        return head

    async def restate(self, name: FeedName, choose: Choose) -> FeedHead:
        """Append a snapshot for new readers. Raises ArchiveError."""
        head = await self.store.restate(name, choose, self._stamp())
        self._news.ring(name.station)
        return head

    async def tell_statuses(self, maximum: int, draft_of: DraftOf) -> int:
        """Tell stations what became of their records; to how many. Raises ArchiveError."""
        told = await self.store.tell_statuses(maximum, draft_of, self._stamp())
        for station in told:
            self._news.ring(station)
        return len(told)

    def close(self) -> None:
        """Let everybody go who waits, and nobody wait any more: the server stops."""
        self.closing = True
        self._news.ring(EVERY_STATION)

    async def offered(self, reader: FeedReader, seen: Sequence[SeenHead]) -> tuple[FeedState, ...]:
        """What a WELCOME says of the feeds this station reads. Raises ArchiveError."""
        await self.store.ensure(FeedName(Feed.STATION, reader.station), self._stamp())
        claims = {head.fid: head for head in seen}
        heads = await self.store.heads(reader.station)
        return tuple([await self._offer(head, claims.get(head.fid)) for head in heads])

    async def batch(self, reader: FeedReader, fid: bytes, first: int) -> bytes | None:
        """Signed entries from `first` on; None when there are none yet.

        Raises NotForYouError, BeyondError, ArchiveError.
        """
        found = await self._slice(reader, fid, first)
        if not found.entries:
            return None
        return await asyncio.to_thread(self._sign, reader, found)

    async def await_news(
        self, reader: FeedReader, fid: bytes, first: int, wait_s: float
    ) -> bytes | None:
        """As `batch`, but wait for entries; None also when another of the station's feeds grew."""
        known: dict[bytes, int] | None = None
        loop = asyncio.get_running_loop()
        wait_s = min(wait_s, MAXIMUM_WAIT_S) * (1.0 - JITTER * self.voice.fraction())
        end = loop.time() + wait_s
        while True:
            news = self._news.of(reader.station)
            sizes = {head.fid: head.size for head in await self.store.heads(reader.station)}
            known = known or sizes
            if sizes.get(fid) != first:
                return await self.batch(reader, fid, first)
            if sizes != known:
                # A feed for all has grown: not every station shall come for it at once.
                await asyncio.sleep(NEWS_SPREAD_S * self.voice.fraction())
                return await self.batch(reader, fid, first)
            if self.closing or loop.time() >= end:
                return None
            await self._pause(news, end)

    async def _pause(self, news: asyncio.Event, end: float) -> None:
        """Until something is appended here, or it is time to look for what others appended."""
        look_s = LOOK_S * (1.0 + JITTER * self.voice.fraction())
        self.waiting += 1
        try:
            async with asyncio.timeout_at(min(end, asyncio.get_running_loop().time() + look_s)):
                await news.wait()
        except TimeoutError:
            pass
        finally:
            self.waiting -= 1

    async def _slice(self, reader: FeedReader, fid: bytes, first: int) -> Slice:
        head = await self.store.find(fid)
        if head is None or head.name.station not in {EVERY_STATION, reader.station}:
            raise NotForYouError
        found = await self.store.read(fid, first, BATCH)
        if found is None:
            raise BeyondError(head.size)
        return found

    async def _offer(self, head: FeedHead, seen: SeenHead | None) -> FeedState:
        """The feed with its root where the station is; renamed when the station saw another."""
        if seen is None:
            return _state(head, head.root)
        root = await self.store.root_at(head.fid, min(seen.size, head.size))
        if seen.size <= head.size and root == seen.root:
            return _state(head, root)
        renamed = await self._rename(head)
        return _state(head, root or head.root) if renamed is None else _state(renamed, head.root)

    async def _rename(self, head: FeedHead) -> FeedHead | None:
        """The feed under its next number; None while that may not be."""
        stamp = self._stamp()
        everybody = head.name.station == EVERY_STATION
        if everybody and stamp.now_ms - head.named_ms < RENAME_INTERVAL_MS:
            return None
        renamed = await self.store.rename(head.fid, stamp)
        self._news.ring(head.name.station)
        return renamed

    def _sign(self, reader: FeedReader, found: Slice) -> bytes:
        head, first, before, entries = found
        leaves = [merkle.leaf_hash(entry) for entry in entries]
        public = head.name.station == EVERY_STATION
        identity = FeedIdentity(
            self.voice.keys.city_id, head.number, head.nonce, head.name.feed, head.name.station
        )
        return build_feed_batch(
            FeedInput(
                identity=identity,
                first=first,
                previous_root=merkle.root(before),
                root=merkle.root(merkle.extend(before, first, leaves)),
                entries=entries,
                sealed_at=SealingTime(_NO_BOOT, RecordTime(0, self.voice.clock_ms(), _CITY_CLOCK)),
            ),
            feed_key=self.voice.keys.feed_key,
            recipient=None if public else encryption_key(reader.encryption_key),
            dictionary=CURRENT_DICTIONARY,
        )

    def _stamp(self) -> Stamp:
        return Stamp(self.voice.entropy(LOG_NONCE_BYTES), self.voice.clock_ms())


def _state(head: FeedHead, root: bytes) -> FeedState:
    return FeedState(
        fid=head.fid,
        feed=head.name.feed,
        size=head.size,
        root=root,
        start=head.start,
        start_frontier=head.start_frontier,
    )
