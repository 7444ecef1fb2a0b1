"""Where feeds and the attachments' ledger lie, in both databases."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from sync.city.archive.feed_store import postgres, sqlite
from sync.city.archive.feed_store.blobs_postgres import PostgresBlobLedger
from sync.city.archive.feed_store.blobs_sqlite import SqliteBlobLedger
from sync.city.archive.feed_store.port import BlobLedger, FeedStore
from sync.city.archive.feed_store.postgres import PostgresFeedStore
from sync.city.archive.feed_store.sqlite import SqliteFeedStore
from sync.city.archive.postgres import open_postgres
from sync.city.archive.postgres_pool import open_pool
from sync.city.archive.sqlite import open_archive
from sync.database import open_reader, open_writer

CITY_ID = b"CITYCITY"


@dataclass
class Place:
    """Both ports on one database."""

    store: FeedStore
    ledger: BlobLedger


Opening = Callable[[], AbstractAsyncContextManager[Place]]


@contextlib.asynccontextmanager
async def in_sqlite(path: Path) -> AsyncIterator[Place]:
    async with open_writer(path, sqlite.OWNERS) as writer, open_reader(path) as reader:
        yield Place(SqliteFeedStore(writer, reader, CITY_ID), SqliteBlobLedger(writer, reader))


@contextlib.asynccontextmanager
async def in_postgres(url: str) -> AsyncIterator[Place]:
    async with open_pool(url, postgres.OWNERS) as pool:
        yield Place(PostgresFeedStore(pool, CITY_ID), PostgresBlobLedger(pool))


@dataclass
class Judged:
    """A feed store beside an archive with one log, whose verdicts a test sets."""

    store: FeedStore
    lid: bytes
    judge: Callable[[int, str | None], Awaitable[None]]


LID = b"l" * 16
_LOG = (
    "INSERT INTO log (lid, node_id, station, number, lane, size, root, first_received_ms{0})"
    " VALUES ({2}, {3}, 26560, 0, 1, 100, {4}, 1{1})"
)


@contextlib.asynccontextmanager
async def judged_sqlite(path: Path) -> AsyncIterator[Judged]:
    async with open_archive(path, sqlite.OWNERS) as archive:
        values = (LID, b"n" * 16, b"r" * 32)
        await archive.writer.transact(
            lambda raw: raw.execute(_LOG.format("", "", "?", "?", "?"), values)
        )

        async def judge(sequence: int, code: str | None) -> None:
            def work(raw: sqlite3.Connection) -> None:
                raw.execute("DELETE FROM verdict WHERE sequence = ?", (sequence,))
                if code is not None:
                    raw.execute(
                        "INSERT INTO verdict (log_id, sequence, code) VALUES (1, ?, ?)",
                        (sequence, code),
                    )

            await archive.writer.transact(work)

        store = SqliteFeedStore(archive.writer, archive.reader, CITY_ID)
        yield Judged(store, LID, judge)


@contextlib.asynccontextmanager
async def judged_postgres(url: str) -> AsyncIterator[Judged]:
    async with open_postgres(url, 1_795_300_000_000, postgres.OWNERS) as archive:
        pool = archive.pool
        statement = _LOG.format(", month", ", 1", "$1", "$2", "$3")
        await pool.execute(statement, LID, b"n" * 16, b"r" * 32)
        log_id = await pool.fetchval("SELECT id FROM log")

        async def judge(sequence: int, code: str | None) -> None:
            await pool.execute("DELETE FROM verdict WHERE sequence = $1", sequence)
            if code is not None:
                await pool.execute(
                    "INSERT INTO verdict (log_id, sequence, code) VALUES ($1, $2, $3)",
                    log_id,
                    sequence,
                    code,
                )

        yield Judged(PostgresFeedStore(pool, CITY_ID), LID, judge)
