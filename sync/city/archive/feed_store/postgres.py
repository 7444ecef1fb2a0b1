"""The feeds in PostgreSQL.

Responsible for: the statements behind the port. A change first locks the row of its feed, so that
several processes of the city append one after another.
"""

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from sync.city.archive.feed_store import rows
from sync.city.archive.feed_store.port import (
    Choose,
    Draft,
    DraftOf,
    FeedHead,
    FeedName,
    Limit,
    RecordStatus,
    Slice,
    Stamp,
)
from sync.city.archive.feed_store.rows import (
    CHECKPOINT_ENTRIES,
    ENTERED,
    TOLD_CODES,
    Extended,
    Keyed,
)
from sync.city.archive.postgres_pool import Connection, Pool
from sync.protocol import merkle
from sync.protocol.feed import EVERY_STATION, Feed, FeedIdentity, feed_id
from sync.protocol.merkle import Frontier

OWNERS: Final[dict[str, Traversable]] = {
    "city.feeds": files("sync.city.archive.feed_store").joinpath("migrations_postgres"),
}
"""For `open_pool`: whose migrations make the tables."""

_HEAD: Final = (
    "SELECT fid, feed, station, number, nonce, size, frontier, start, start_frontier, named_ms"
    " FROM feed"
)


_NEWS: Final = (
    "SELECT log_id, log.station, log.lid, verdict.sequence, verdict.code FROM verdict"
    " JOIN log ON log.id = log_id LEFT JOIN status_told AS told USING (log_id, sequence)"
    " WHERE verdict.code = ANY($1) AND told.code IS DISTINCT FROM verdict.code"
    " UNION ALL SELECT log_id, log.station, log.lid, told.sequence, $2"
    " FROM status_told AS told JOIN log ON log.id = log_id"
    " LEFT JOIN verdict USING (log_id, sequence)"
    " WHERE verdict.code IS NULL OR NOT verdict.code = ANY($1) LIMIT $3"
)
_STATUS_LOCK: Final = 0x57_45_53_31_73_74_61
"""Any number that nobody else uses as an advisory lock in this database."""


class PostgresFeedStore:
    """Implements the port."""

    def __init__(self, pool: Pool, city_id: bytes) -> None:
        self._pool = pool
        self._city_id = city_id

    async def heads(self, station: int) -> list[FeedHead]:
        """The feeds for everybody and those of this station, by feed number."""
        found = await self._pool.fetch(
            f"{_HEAD} WHERE station IN ($1, $2) ORDER BY feed", EVERY_STATION, station
        )
        return [_head(row) for row in found]

    async def find(self, fid: bytes) -> FeedHead | None:
        """The feed that has this id now."""
        row = await self._pool.fetchrow(f"{_HEAD} WHERE fid = $1", fid)
        return None if row is None else _head(row)

    async def ensure(self, name: FeedName, stamp: Stamp) -> FeedHead:
        """The feed of this name, opened empty when there is none."""
        row = await self._pool.fetchrow(f"{_HEAD} WHERE feed = $1 AND station = $2", *name)
        if row is not None:
            return _head(row)
        return await self._pool.transact(lambda connection: self._lock(connection, name, stamp))

    async def append(self, name: FeedName, drafts: Sequence[Draft], stamp: Stamp) -> FeedHead:
        """Append what the feed does not hold yet, opening the feed when there is none."""

        async def work(connection: Connection) -> FeedHead:
            head = await self._lock(connection, name, stamp)
            fresh = await _unknown(connection, head, drafts)
            if not fresh:
                return head
            return await _store(connection, rows.extend(head, fresh, stamp.now_ms))

        return await self._pool.transact(work)

    async def restate(self, name: FeedName, choose: Choose, stamp: Stamp) -> FeedHead:
        """Append a snapshot: a marker and what `choose` keeps; new readers begin there."""

        async def work(connection: Connection) -> FeedHead:
            head = await self._lock(connection, name, stamp)
            newest = await _newest(connection, head)
            return await _store(connection, rows.snapshot(head, newest, choose, stamp.now_ms))

        return await self._pool.transact(work)

    async def tell_statuses(self, maximum: int, draft_of: DraftOf, stamp: Stamp) -> set[int]:
        """Append what stations were not told yet of their records; the stations' numbers."""

        async def work(connection: Connection) -> set[int]:
            # Processes take turns: what one has told the next one must see.
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _STATUS_LOCK)
            changes = await connection.fetch(_NEWS, *_news_arguments(maximum))
            by_station: dict[int, list[Draft]] = {}
            for row in changes:
                status = RecordStatus(bytes(row["lid"]), row["sequence"], row["code"])
                by_station.setdefault(row["station"], []).append(draft_of(status))
            for station, drafts in sorted(by_station.items()):
                head = await self._lock(connection, FeedName(Feed.STATION, station), stamp)
                fresh = await _unknown(connection, head, drafts)
                await _store(connection, rows.extend(head, fresh, stamp.now_ms))
            await _note_told(connection, changes)
            return set(by_station)

        if not await self._pool.fetch(_NEWS, *_news_arguments(1)):
            return set()
        return await self._pool.transact(work)

    async def read(self, fid: bytes, first: int, limit: Limit) -> Slice | None:
        """Entries from `first` on, perhaps none; None for an unknown feed or `first` beyond it."""
        async with self._pool.snapshot() as connection:
            row = await connection.fetchrow(f"{_HEAD} WHERE fid = $1", fid)
            if row is None or first > row["size"]:
                return None
            head = _head(row)
            raws = await _raws(connection, fid, first, limit.entries)
            before = await _frontier_at(connection, head, first)
        return Slice(head, first, before, rows.cut(raws, limit.size_bytes))

    async def root_at(self, fid: bytes, size: int) -> bytes | None:
        """The root over the first `size` entries; None for an unknown feed or a size beyond it."""
        async with self._pool.snapshot() as connection:
            row = await connection.fetchrow(f"{_HEAD} WHERE fid = $1", fid)
            if row is None or size > row["size"]:
                return None
            return merkle.root(await _frontier_at(connection, _head(row), size))

    async def rename(self, fid: bytes, stamp: Stamp) -> FeedHead | None:
        """Give the feed its next number and a new id; None when it is not called `fid` any more."""

        async def work(connection: Connection) -> FeedHead | None:
            row = await connection.fetchrow(f"{_HEAD} WHERE fid = $1 FOR UPDATE", fid)
            if row is None:
                return None
            head = _head(row)
            number = head.number + 1
            new = feed_id(FeedIdentity(self._city_id, number, stamp.nonce, *head.name))
            await connection.execute(
                "UPDATE feed SET number = $1, nonce = $2, fid = $3, named_ms = $4 WHERE fid = $5",
                number,
                stamp.nonce,
                new,
                stamp.now_ms,
                fid,
            )
            return head._replace(fid=new, number=number, nonce=stamp.nonce, named_ms=stamp.now_ms)

        return await self._pool.transact(work)

    async def _lock(self, connection: Connection, name: FeedName, stamp: Stamp) -> FeedHead:
        fid = feed_id(FeedIdentity(self._city_id, 0, stamp.nonce, *name))
        await connection.execute(
            "INSERT INTO feed (feed, station, number, nonce, fid, size, frontier, start_frontier,"
            " named_ms) VALUES ($1, $2, 0, $3, $4, 0, '', '', $5) ON CONFLICT DO NOTHING",
            *name,
            stamp.nonce,
            fid,
            stamp.now_ms,
        )
        row = await connection.fetchrow(
            f"{_HEAD} WHERE feed = $1 AND station = $2 FOR UPDATE", *name
        )
        return _head(row)


def _head(row: Any) -> FeedHead:
    return FeedHead(
        bytes(row["fid"]),
        FeedName(row["feed"], row["station"]),
        row["number"],
        bytes(row["nonce"]),
        row["size"],
        merkle.unpack(bytes(row["frontier"])),
        row["start"],
        merkle.unpack(bytes(row["start_frontier"])),
        row["named_ms"],
    )


async def _unknown(connection: Connection, head: FeedHead, drafts: Sequence[Draft]) -> list[Draft]:
    """Each draft once, without those that the feed holds."""
    once = {draft.eid: draft for draft in drafts}
    found = await connection.fetch(
        "SELECT DISTINCT eid FROM feed JOIN feed_entry ON feed_id = id"
        " WHERE fid = $1 AND eid = ANY($2)",
        head.fid,
        list(once),
    )
    held = {bytes(row["eid"]) for row in found}
    return [draft for eid, draft in once.items() if eid not in held]


async def _newest(connection: Connection, head: FeedHead) -> list[Keyed]:
    """The newest entry of each key since the last snapshot, in order."""
    found = await connection.fetch(
        "SELECT state_key, raw FROM (SELECT DISTINCT ON (state_key) state_key, raw, sequence"
        " FROM feed JOIN feed_entry ON feed_id = id"
        " WHERE fid = $1 AND sequence >= $2 AND state_key <> ''"
        " ORDER BY state_key, sequence DESC) AS newest ORDER BY sequence",
        head.fid,
        head.start,
    )
    return [Keyed(row["state_key"], bytes(row["raw"])) for row in found]


async def _store(connection: Connection, extended: Extended) -> FeedHead:
    head, added = extended
    await connection.executemany(
        "INSERT INTO feed_entry (feed_id, sequence, eid, state_key, raw, frontier)"
        " SELECT id, $2, $3, $4, $5, $6 FROM feed WHERE fid = $1",
        [(head.fid, *row) for row in added],
    )
    await connection.execute(
        "UPDATE feed SET size = $2, frontier = $3, start = $4, start_frontier = $5 WHERE fid = $1",
        head.fid,
        head.size,
        merkle.pack(head.frontier),
        head.start,
        merkle.pack(head.start_frontier),
    )
    return head


def _news_arguments(maximum: int) -> tuple[list[str], str, int]:
    return list(TOLD_CODES), ENTERED, maximum


async def _note_told(connection: Connection, changes: Sequence[Any]) -> None:
    over = [row for row in changes if row["code"] == ENTERED]
    told = [row for row in changes if row["code"] != ENTERED]
    await connection.executemany(
        "DELETE FROM status_told WHERE log_id = $1 AND sequence = $2",
        [(row["log_id"], row["sequence"]) for row in over],
    )
    await connection.executemany(
        "INSERT INTO status_told (log_id, sequence, code) VALUES ($1, $2, $3)"
        " ON CONFLICT (log_id, sequence) DO UPDATE SET code = excluded.code",
        [(row["log_id"], row["sequence"], row["code"]) for row in told],
    )


async def _raws(connection: Connection, fid: bytes, first: int, maximum: int) -> list[bytes]:
    found = await connection.fetch(
        "SELECT raw FROM feed JOIN feed_entry ON feed_id = id WHERE fid = $1 AND sequence >= $2"
        " ORDER BY sequence LIMIT $3",
        fid,
        first,
        maximum,
    )
    return [bytes(row["raw"]) for row in found]


async def _frontier_at(connection: Connection, head: FeedHead, size: int) -> Frontier:
    if size == head.size:
        return head.frontier
    base = size - size % CHECKPOINT_ENTRIES
    checkpoint = await connection.fetchval(
        "SELECT feed_entry.frontier FROM feed JOIN feed_entry ON feed_id = id"
        " WHERE fid = $1 AND sequence = $2",
        head.fid,
        base,
    )
    raws = await _raws(connection, head.fid, base, size - base) if size > base else []
    return rows.frontier_at(bytes(checkpoint), base, raws)
