"""The feeds in the city's SQLite file.

Responsible for: the statements behind the port, each call one transaction of the one writer.
"""

import sqlite3
from collections.abc import Callable, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple, TypeVar

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
from sync.city.archive.values import ArchiveError, ArchiveFault
from sync.database import DatabaseError, DatabaseFault, Reader, Writer
from sync.protocol import merkle
from sync.protocol.feed import EVERY_STATION, Feed, FeedIdentity, feed_id
from sync.protocol.merkle import Frontier

OWNERS: Final[dict[str, Traversable]] = {
    "city.feeds": files("sync.city.archive.feed_store").joinpath("migrations"),
}
"""For `open_writer`: whose migrations make the tables."""

READ_ROWS: Final = 512

_HEAD: Final = (
    "SELECT fid, feed, station, number, nonce, size, frontier, start, start_frontier, named_ms"
    " FROM feed"
)
_FAULTS: Final = {
    DatabaseFault.FULL: ArchiveFault.FULL,
    DatabaseFault.BUSY: ArchiveFault.BUSY,
}

_NEWS: Final = (
    "SELECT log_id, log.station, log.lid, verdict.sequence, verdict.code FROM verdict"
    " JOIN log ON log.id = log_id LEFT JOIN status_told AS told USING (log_id, sequence)"
    " WHERE verdict.code IN (?, ?, ?) AND told.code IS NOT verdict.code"
    " UNION ALL SELECT log_id, log.station, log.lid, told.sequence, ?"
    " FROM status_told AS told JOIN log ON log.id = log_id"
    " LEFT JOIN verdict USING (log_id, sequence)"
    " WHERE verdict.code IS NULL OR verdict.code NOT IN (?, ?, ?) LIMIT ?"
)

Result = TypeVar("Result")


class _Change(NamedTuple):
    log_id: int
    station: int
    status: RecordStatus


class SqliteFeedStore:
    """Implements the port on the archive's own writer and reader."""

    def __init__(self, writer: Writer, reader: Reader, city_id: bytes) -> None:
        self._writer = writer
        self._reader = reader
        self._city_id = city_id

    async def heads(self, station: int) -> list[FeedHead]:
        """The feeds for everybody and those of this station, by feed number."""
        return await query(self._reader, lambda connection: _heads(connection, station))

    async def find(self, fid: bytes) -> FeedHead | None:
        """The feed that has this id now."""
        return await query(self._reader, lambda connection: _find(connection, fid))

    async def ensure(self, name: FeedName, stamp: Stamp) -> FeedHead:
        """The feed of this name, opened empty when there is none."""
        known = await query(self._reader, lambda connection: _named(connection, name))
        if known is not None:
            return known
        return await transact(
            self._writer, lambda connection: self._ensure(connection, name, stamp)
        )

    async def append(self, name: FeedName, drafts: Sequence[Draft], stamp: Stamp) -> FeedHead:
        """Append what the feed does not hold yet, opening the feed when there is none."""

        def work(connection: sqlite3.Connection) -> FeedHead:
            head = self._ensure(connection, name, stamp)
            fresh = _unknown(connection, head, drafts)
            return _store(connection, rows.extend(head, fresh, stamp.now_ms)) if fresh else head

        return await transact(self._writer, work)

    async def restate(self, name: FeedName, choose: Choose, stamp: Stamp) -> FeedHead:
        """Append a snapshot: a marker and what `choose` keeps; new readers begin there."""

        def work(connection: sqlite3.Connection) -> FeedHead:
            head = self._ensure(connection, name, stamp)
            newest = _newest(connection, head)
            return _store(connection, rows.snapshot(head, newest, choose, stamp.now_ms))

        return await transact(self._writer, work)

    async def tell_statuses(self, maximum: int, draft_of: DraftOf, stamp: Stamp) -> set[int]:
        """Append what stations were not told yet of their records; the stations' numbers."""

        def look(connection: sqlite3.Connection) -> list[_Change]:
            return _changes(connection, maximum)

        def work(connection: sqlite3.Connection) -> set[int]:
            changes = _changes(connection, maximum)
            for station in {change.station for change in changes}:
                drafts = [draft_of(one.status) for one in changes if one.station == station]
                head = self._ensure(connection, FeedName(Feed.STATION, station), stamp)
                fresh = _unknown(connection, head, drafts)
                _store(connection, rows.extend(head, fresh, stamp.now_ms))
            _note_told(connection, changes)
            return {change.station for change in changes}

        if not await query(self._reader, look):
            return set()
        return await transact(self._writer, work)

    async def read(self, fid: bytes, first: int, limit: Limit) -> Slice | None:
        """Entries from `first` on, perhaps none; None for an unknown feed or `first` beyond it."""

        def work(connection: sqlite3.Connection) -> Slice | None:
            head = _find(connection, fid)
            if head is None or first > head.size:
                return None
            raws = _raws(connection, fid, first, min(limit.entries, READ_ROWS))
            before = _frontier_at(connection, head, first)
            return Slice(head, first, before, rows.cut(raws, limit.size_bytes))

        return await query(self._reader, work)

    async def root_at(self, fid: bytes, size: int) -> bytes | None:
        """The root over the first `size` entries; None for an unknown feed or a size beyond it."""

        def work(connection: sqlite3.Connection) -> bytes | None:
            head = _find(connection, fid)
            if head is None or size > head.size:
                return None
            return merkle.root(_frontier_at(connection, head, size))

        return await query(self._reader, work)

    async def rename(self, fid: bytes, stamp: Stamp) -> FeedHead | None:
        """Give the feed its next number and a new id; None when it is not called `fid` any more."""

        def work(connection: sqlite3.Connection) -> FeedHead | None:
            head = _find(connection, fid)
            if head is None:
                return None
            return self._name(connection, head, head.number + 1, stamp)

        return await transact(self._writer, work)

    def _ensure(self, connection: sqlite3.Connection, name: FeedName, stamp: Stamp) -> FeedHead:
        known = _named(connection, name)
        if known is not None:
            return known
        fid = feed_id(FeedIdentity(self._city_id, 0, stamp.nonce, *name))
        connection.execute(
            "INSERT INTO feed (feed, station, number, nonce, fid, size, frontier, start_frontier,"
            " named_ms) VALUES (?, ?, 0, ?, ?, 0, x'', x'', ?)",
            (*name, stamp.nonce, fid, stamp.now_ms),
        )
        return FeedHead(fid, name, 0, stamp.nonce, 0, (), 0, (), stamp.now_ms)

    def _name(
        self, connection: sqlite3.Connection, head: FeedHead, number: int, stamp: Stamp
    ) -> FeedHead:
        fid = feed_id(FeedIdentity(self._city_id, number, stamp.nonce, *head.name))
        connection.execute(
            "UPDATE feed SET number = ?, nonce = ?, fid = ?, named_ms = ? WHERE fid = ?",
            (number, stamp.nonce, fid, stamp.now_ms, head.fid),
        )
        return head._replace(fid=fid, number=number, nonce=stamp.nonce, named_ms=stamp.now_ms)


async def transact(writer: Writer, work: Callable[[sqlite3.Connection], Result]) -> Result:
    """Run `work` in a transaction. Raises ArchiveError."""
    try:
        return await writer.transact(work)
    except DatabaseError as error:
        raise ArchiveError(_FAULTS.get(error.code, ArchiveFault.BROKEN)) from error


async def query(reader: Reader, work: Callable[[sqlite3.Connection], Result]) -> Result:
    """Run `work` in a read transaction. Raises ArchiveError."""
    try:
        return await reader.query(work)
    except DatabaseError as error:
        raise ArchiveError(_FAULTS.get(error.code, ArchiveFault.BROKEN)) from error


def _heads(connection: sqlite3.Connection, station: int) -> list[FeedHead]:
    found = connection.execute(
        f"{_HEAD} WHERE station IN (?, ?) ORDER BY feed", (EVERY_STATION, station)
    )
    return [_head(row) for row in found]


def _find(connection: sqlite3.Connection, fid: bytes) -> FeedHead | None:
    row = connection.execute(f"{_HEAD} WHERE fid = ?", (fid,)).fetchone()
    return None if row is None else _head(row)


def _named(connection: sqlite3.Connection, name: FeedName) -> FeedHead | None:
    row = connection.execute(f"{_HEAD} WHERE feed = ? AND station = ?", name).fetchone()
    return None if row is None else _head(row)


def _head(row: tuple[bytes, int, int, int, bytes, int, bytes, int, bytes, int]) -> FeedHead:
    fid, feed, station, number, nonce, size, frontier, start, start_frontier, named_ms = row
    return FeedHead(
        fid,
        FeedName(feed, station),
        number,
        nonce,
        size,
        merkle.unpack(frontier),
        start,
        merkle.unpack(start_frontier),
        named_ms,
    )


def _unknown(
    connection: sqlite3.Connection, head: FeedHead, drafts: Sequence[Draft]
) -> list[Draft]:
    """Each draft once, without those that the feed holds."""
    once = {draft.eid: draft for draft in drafts}
    return [draft for eid, draft in once.items() if not _holds(connection, head, eid)]


def _holds(connection: sqlite3.Connection, head: FeedHead, eid: bytes) -> bool:
    row = connection.execute(
        "SELECT 1 FROM feed JOIN feed_entry ON feed_id = id WHERE fid = ? AND eid = ? LIMIT 1",
        (head.fid, eid),
    ).fetchone()
    return row is not None


def _newest(connection: sqlite3.Connection, head: FeedHead) -> list[Keyed]:
    """The newest entry of each key since the last snapshot, in order."""
    found = connection.execute(
        "SELECT state_key, raw, max(sequence) AS newest FROM feed JOIN feed_entry ON feed_id = id"
        " WHERE fid = ? AND sequence >= ? AND state_key <> '' GROUP BY state_key ORDER BY newest",
        (head.fid, head.start),
    )
    return [Keyed(state_key, raw) for state_key, raw, _ in found]


def _store(connection: sqlite3.Connection, extended: Extended) -> FeedHead:
    head, added = extended
    (feed_id_,) = connection.execute("SELECT id FROM feed WHERE fid = ?", (head.fid,)).fetchone()
    connection.executemany(
        "INSERT INTO feed_entry (feed_id, sequence, eid, state_key, raw, frontier)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(feed_id_, *row) for row in added],
    )
    connection.execute(
        "UPDATE feed SET size = ?, frontier = ?, start = ?, start_frontier = ? WHERE id = ?",
        (
            head.size,
            merkle.pack(head.frontier),
            head.start,
            merkle.pack(head.start_frontier),
            feed_id_,
        ),
    )
    return head


def _changes(connection: sqlite3.Connection, maximum: int) -> list[_Change]:
    """Verdicts that are new or other than told, and told ones that are over."""
    found = connection.execute(_NEWS, (*TOLD_CODES, ENTERED, *TOLD_CODES, maximum))
    return [_Change(log_id, station, RecordStatus(*rest)) for log_id, station, *rest in found]


def _note_told(connection: sqlite3.Connection, changes: Sequence[_Change]) -> None:
    for log_id, _, (_, sequence, code) in changes:
        if code == ENTERED:
            connection.execute(
                "DELETE FROM status_told WHERE log_id = ? AND sequence = ?", (log_id, sequence)
            )
        else:
            connection.execute(
                "INSERT INTO status_told (log_id, sequence, code) VALUES (?, ?, ?)"
                " ON CONFLICT (log_id, sequence) DO UPDATE SET code = excluded.code",
                (log_id, sequence, code),
            )


def _raws(connection: sqlite3.Connection, fid: bytes, first: int, maximum: int) -> list[bytes]:
    found = connection.execute(
        "SELECT raw FROM feed JOIN feed_entry ON feed_id = id WHERE fid = ? AND sequence >= ?"
        " ORDER BY sequence LIMIT ?",
        (fid, first, maximum),
    )
    return [row[0] for row in found]


def _frontier_at(connection: sqlite3.Connection, head: FeedHead, size: int) -> Frontier:
    if size == head.size:
        return head.frontier
    base = size - size % CHECKPOINT_ENTRIES
    (checkpoint,) = connection.execute(
        "SELECT feed_entry.frontier FROM feed JOIN feed_entry ON feed_id = id"
        " WHERE fid = ? AND sequence = ?",
        (head.fid, base),
    ).fetchone()
    raws = _raws(connection, head.fid, base, size - base) if size > base else []
    return rows.frontier_at(checkpoint, base, raws)
