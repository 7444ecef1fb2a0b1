"""Every entry of every feed, for a backup, and back again.

Responsible for: reading entries in their order with what the feed knows beside them, and appending
them to feeds that are empty. A restored feed has a new id: stations read it again from its start
and take what they have for what it is. It must not know files.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple, Protocol

from sync.city.archive.feed_store.port import Draft, FeedName, FeedStore, Stamp
from sync.database import Reader
from sync.protocol.feed import FeedKind
from sync.protocol.record import decode_record

PAGE_ENTRIES: Final = 500
NONCE_BYTES: Final = 8


class FeedEntry(NamedTuple):
    """An entry with the feed it is in and the key of which it is the newest word."""

    feed: int
    station: int
    state_key: str
    raw: bytes


class Fetch(Protocol):
    """What the dump uses of a pool of PostgreSQL connections."""

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        """All rows."""
        ...


class SqliteFeedDump:
    """Reads the feeds in the archive's file, a page in one short transaction."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def entries(self) -> AsyncIterator[FeedEntry]:
        """By feed, in order."""
        place = (0, -1)
        while page := await self._page(place):
            for *key, feed, station, state_key, raw in page:
                place = (key[0], key[1])
                yield FeedEntry(feed, station, state_key, raw)

    async def _page(self, place: tuple[int, int]) -> list[Any]:
        def work(connection: sqlite3.Connection) -> list[Any]:
            return connection.execute(
                _PAGE.format("(?, ?)", "?"), (*place, PAGE_ENTRIES)
            ).fetchall()

        return await self._reader.query(work)


class PostgresFeedDump:
    """Reads the feeds in PostgreSQL."""

    def __init__(self, pool: Fetch) -> None:
        self._pool = pool

    async def entries(self) -> AsyncIterator[FeedEntry]:
        """By feed, in order."""
        place = (0, -1)
        query = _PAGE.format("($1, $2)", "$3")
        while page := await self._pool.fetch(query, *place, PAGE_ENTRIES):
            for *key, feed, station, state_key, raw in page:
                place = (key[0], key[1])
                yield FeedEntry(feed, station, state_key, raw)


_PAGE: Final = """
SELECT feed_id, sequence, feed.feed, feed.station, state_key, raw
FROM feed_entry JOIN feed ON feed.id = feed_entry.feed_id
WHERE (feed_id, sequence) > {} ORDER BY feed_id, sequence LIMIT {}
"""


class FeedRefill:
    """Appends entries to feeds."""

    def __init__(self, feeds: FeedStore, entropy: Callable[[int], bytes]) -> None:
        self._feeds = feeds
        self._entropy = entropy

    async def put(self, entries: Sequence[FeedEntry], now_ms: int) -> None:
        """Append these, in order."""
        for name, group in groupby(entries, lambda entry: FeedName(entry.feed, entry.station)):
            drafts = [draft for entry in group if (draft := _draft(entry)) is not None]
            if drafts:
                await self._feeds.append(name, drafts, Stamp(self._entropy(NONCE_BYTES), now_ms))


def _draft(entry: FeedEntry) -> Draft | None:
    """The entry without its place; None for the mark of a snapshot, which has none any more."""
    record = decode_record(entry.raw)
    if record.kind == FeedKind.SNAPSHOT_MARKER:
        return None
    return Draft(
        kind=record.kind,
        eid=record.eid,
        body=record.body,
        subject=record.subject,
        version=record.version,
        content_type=record.content_type,
        state_key=entry.state_key,
    )
