"""Empty places on either database, to make backups of and to restore them into."""

import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sync.city.archive.feed_store import postgres as feeds_postgres
from sync.city.archive.feed_store import sqlite as feeds_sqlite
from sync.city.archive.feed_store.blobs_postgres import PostgresBlobLedger
from sync.city.archive.feed_store.blobs_sqlite import SqliteBlobLedger
from sync.city.archive.feed_store.dump import FeedRefill, PostgresFeedDump, SqliteFeedDump
from sync.city.archive.feed_store.port import FeedStore
from sync.city.archive.overview import open_exporter
from sync.city.archive.postgres import open_postgres
from sync.city.archive.postgres_overview import PostgresExporter
from sync.city.archive.sqlite import open_archive
from sync.city.backup.attachments import Attachments
from sync.city.backup.make import FeedDump, Made, Source, make_backup, promise
from sync.city.backup.restore import Target, Verdict, restore
from sync.city.objects.folder import FolderBucket
from sync.city.objects.port import Bucket
from sync.city.objects.store import Objects
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
    attachments: Attachments

    @property
    def source(self) -> Source:
        places = (self.bench.archive, self.shelf, self.feed_dump, self.attachments)
        return Source(*places, CITY_ID)

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
                *(lambda: self.bench.now_ms, find_key, self.attachments),
            )
            return await restore(target, folder, number)


@contextlib.asynccontextmanager
async def in_sqlite(folder: Path, bucket: Bucket | None = None) -> AsyncIterator[Place]:
    path = folder / "city.db"
    async with open_archive(path, feeds_sqlite.OWNERS) as archive, open_exporter(path) as exporter:
        yield Place(
            Bench(archive, exporter),
            FolderShelf(folder),
            feeds_sqlite.SqliteFeedStore(archive.writer, archive.reader, CITY_ID),
            SqliteFeedDump(archive.reader),
            Attachments(
                SqliteBlobLedger(archive.writer, archive.reader),
                Objects(bucket or FolderBucket(folder / "objects")),
            ),
        )


@contextlib.asynccontextmanager
async def in_postgres(bucket: Bucket | None = None) -> AsyncIterator[Place]:
    with contextlib.contextmanager(fresh_database)() as url, TemporaryDirectory() as objects:
        async with open_postgres(url, NOW_MS, feeds_postgres.OWNERS) as archive:
            yield Place(
                Bench(archive, PostgresExporter(archive.pool)),
                PostgresShelf(archive.pool),
                feeds_postgres.PostgresFeedStore(archive.pool, CITY_ID),
                PostgresFeedDump(archive.pool),
                Attachments(
                    PostgresBlobLedger(archive.pool),
                    Objects(bucket or FolderBucket(Path(objects))),
                ),
            )


async def busy_day(bench: Bench) -> list[SimulatedStation]:
    """Two stations, three logs, a repetition, a conflict, a gap, a kind nobody knows."""
    first, second = SimulatedStation(1, code=3), SimulatedStation(2, code=1)
    once = first.append()
    first.append_many(20)
    for body in (once.body, b'{"other":1}'):
        first.append(eid=once.eid, subject=once.subject, body=body)
    first.append(kind=17, version=7)
    first.append(kind=900)
    await bench.offer(first, 0, 9)
    await bench.offer(first, 5)
    first.open_log()
    first.append_many(3)
    await bench.offer(first)
    second.append_many(5)
    await bench.offer(second)
    await bench.open_all()
    return [first, second]


async def archived(place: Place) -> dict[bytes, int]:
    return {mark.lid: mark.archived for mark in await place.bench.archive.watermarks()}


def flip(path: Path) -> None:
    """One bit in the middle is another."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    """The last byte is gone."""
    path.write_bytes(path.read_bytes()[:-1])


def grow(path: Path) -> None:
    """A byte too many."""
    path.write_bytes(path.read_bytes() + b"\0")
