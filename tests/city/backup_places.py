"""Empty places on either database, to make backups of and to restore them into."""

import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sync.city.archive.feed_store import postgres as feeds_postgres
from sync.city.archive.feed_store import sqlite as feeds_sqlite
from sync.city.archive.feed_store.dump import FeedRefill, PostgresFeedDump, SqliteFeedDump
from sync.city.archive.feed_store.port import FeedStore
from sync.city.archive.overview import open_exporter
from sync.city.archive.postgres import open_postgres
from sync.city.archive.postgres_overview import PostgresExporter
from sync.city.archive.sqlite import open_archive
from sync.city.backup import FeedDump, Made, Source, make_backup, promise
from sync.city.backup_restore import Target, Verdict, restore
from sync.city.shelf import FolderShelf, PostgresShelf, Shelf
from sync.protocol.cose import FindKey, raw_key_id
from tests.city.archive_bench import KEYS, NOW_MS, Bench
from tests.city.postgres_server import fresh_database
from tests.city.station import SimulatedStation

CITY_ID = b"CITYCITY"


@dataclass
class Place:
    """A city's storage."""

    bench: Bench
    shelf: Shelf
    feeds: FeedStore
    feed_dump: FeedDump

    @property
    def source(self) -> Source:
        return Source(self.bench.archive, self.shelf, self.feed_dump, CITY_ID)

    async def back_up(self, folder: Path, now_ms: int = NOW_MS) -> Made:
        made = await make_backup(self.source, folder, now_ms)
        await promise(self.bench.archive, made.manifest)
        return made

    async def restore(
        self, folder: Path, stations: list[SimulatedStation], number: int | None = None
    ) -> Verdict:
        keys = [station.signing_key.public_key() for station in stations]
        by_id = {raw_key_id(key.public_bytes_raw()): key for key in keys}

        async def find_key() -> FindKey:
            return by_id.get

        refill = FeedRefill(self.feeds, bytes)
        with ThreadPoolExecutor(1) as executor:
            target = Target(
                *(CITY_ID, self.bench.archive, self.shelf, refill, KEYS, executor),
                *(lambda: self.bench.now_ms, find_key),
            )
            return await restore(target, folder, number)


@contextlib.asynccontextmanager
async def in_sqlite(folder: Path) -> AsyncIterator[Place]:
    path = folder / "city.db"
    async with open_archive(path, feeds_sqlite.OWNERS) as archive, open_exporter(path) as exporter:
        yield Place(
            Bench(archive, exporter),
            FolderShelf(folder),
            feeds_sqlite.SqliteFeedStore(archive.writer, archive.reader, CITY_ID),
            SqliteFeedDump(archive.reader),
        )


@contextlib.asynccontextmanager
async def in_postgres() -> AsyncIterator[Place]:
    with contextlib.contextmanager(fresh_database)() as url:
        async with open_postgres(url, NOW_MS, feeds_postgres.OWNERS) as archive:
            yield Place(
                Bench(archive, PostgresExporter(archive.pool)),
                PostgresShelf(archive.pool),
                feeds_postgres.PostgresFeedStore(archive.pool, CITY_ID),
                PostgresFeedDump(archive.pool),
            )
