"""Where feeds and the attachments' ledger lie, in both databases."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from sync.city.archive.feed_store import postgres, sqlite
from sync.city.archive.feed_store.blobs_postgres import PostgresBlobLedger
from sync.city.archive.feed_store.blobs_sqlite import SqliteBlobLedger
from sync.city.archive.feed_store.port import BlobLedger, FeedStore
from sync.city.archive.feed_store.postgres import PostgresFeedStore
from sync.city.archive.feed_store.sqlite import SqliteFeedStore
from sync.city.archive.postgres_pool import open_pool
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
