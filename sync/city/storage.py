"""Where the city keeps everything, as its configuration says.

Responsible for: choosing between SQLite with files beside it and PostgreSQL, between a folder and
an S3 service for attachments, and opening the chosen ones; nobody else knows which it is. What is
not chosen is not imported: its libraries are optional. It must not know what is kept.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sync.certificates import DIRECTORY_MODE
from sync.city.archive.feed_store import sqlite as feeds_sqlite
from sync.city.archive.feed_store.blobs_sqlite import SqliteBlobLedger
from sync.city.archive.feed_store.dump import PostgresFeedDump, SqliteFeedDump
from sync.city.archive.feed_store.port import BlobLedger, FeedStore
from sync.city.archive.feed_store.sqlite import SqliteFeedStore
from sync.city.archive.overview import open_exporter as open_sqlite_exporter
from sync.city.archive.port import Archive, Exporter
from sync.city.archive.sqlite import SqliteArchive, open_archive, open_archive_reading
from sync.city.backup.make import FeedDump
from sync.city.objects.folder import FolderBucket
from sync.city.objects.port import Bucket
from sync.city.settings import Settings
from sync.city.shelf import FolderShelf, PostgresShelf, Shelf
from sync.group_commit import DatabaseError, DatabaseFault
from sync.lock import HeldError, hold


@dataclass(frozen=True, slots=True)
class Storage:
    """All places on one database. `broken` is set when the process must be started anew."""

    archive: Archive
    shelf: Shelf
    feeds: FeedStore
    feed_dump: FeedDump
    blobs: BlobLedger
    broken: asyncio.Event


@contextlib.asynccontextmanager
async def open_storage(settings: Settings, city_id: bytes, now_ms: int) -> AsyncIterator[Storage]:
    """Everything but the attachments, made and migrated as needed.

    Raises DatabaseError, ArchiveError.
    """
    if settings.is_postgres:
        async with _open_postgres(settings, city_id, now_ms) as storage:
            yield storage
        return
    path = settings.database_path
    with _only_writer(path):
        async with open_archive(path, feeds_sqlite.OWNERS) as archive:
            yield _sqlite_storage(settings, archive, city_id)


@contextlib.contextmanager
def _only_writer(path: Path) -> Iterator[None]:
    """Hold the right to write the file: one process at a time. Raises DatabaseError."""
    path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(path.with_name(f"{path.name}.lock")))
        except HeldError:
            raise DatabaseError(DatabaseFault.BUSY, f"{path}: another process writes it") from None
        yield


def _sqlite_storage(settings: Settings, archive: SqliteArchive, city_id: bytes) -> Storage:
    return Storage(
        archive,
        FolderShelf(settings.city.state_directory),
        SqliteFeedStore(archive.writer, archive.reader, city_id),
        SqliteFeedDump(archive.reader),
        SqliteBlobLedger(archive.writer, archive.reader),
        archive.writer.broken,
    )


@contextlib.asynccontextmanager
async def open_reading(
    settings: Settings, city_id: bytes, now_ms: int
) -> AsyncIterator[tuple[Archive, Shelf, FeedDump, BlobLedger]]:
    """What a backup reads, beside a running server. Raises ArchiveError, DatabaseError."""
    if settings.is_postgres:
        async with _open_postgres(settings, city_id, now_ms) as storage:
            yield storage.archive, storage.shelf, storage.feed_dump, storage.blobs
        return
    async with open_archive_reading(settings.database_path) as archive:
        shelf = FolderShelf(settings.city.state_directory)
        ledger = SqliteBlobLedger(archive.writer, archive.reader)
        yield archive, shelf, SqliteFeedDump(archive.reader), ledger


@contextlib.asynccontextmanager
async def open_shelf(settings: Settings) -> AsyncIterator[Shelf]:
    """The shelf with stations, codes, revocations and keysets, also beside a running server."""
    if not settings.is_postgres:
        yield FolderShelf(settings.city.state_directory)
        return
    from sync.city.archive.postgres import OWNERS  # noqa: PLC0415 - optional dependency
    from sync.city.archive.postgres_pool import open_pool  # noqa: PLC0415

    async with open_pool(settings.database.url, OWNERS, connections=1) as pool:
        yield PostgresShelf(pool)


@contextlib.asynccontextmanager
async def open_exporter(settings: Settings) -> AsyncIterator[Exporter]:
    """The archive for reading, beside a running server. Raises ArchiveError, DatabaseError."""
    if not settings.is_postgres:
        async with open_sqlite_exporter(settings.database_path) as exporter:
            yield exporter
        return
    from sync.city.archive.postgres import OWNERS  # noqa: PLC0415 - optional dependency
    from sync.city.archive.postgres_overview import PostgresExporter  # noqa: PLC0415
    from sync.city.archive.postgres_pool import open_pool  # noqa: PLC0415

    async with open_pool(settings.database.url, OWNERS, connections=1) as pool:
        yield PostgresExporter(pool)


def open_bucket(settings: Settings) -> Bucket:
    """Where attachments and what stations fetch as files lie."""
    if not settings.objects.url:
        return FolderBucket(settings.objects_path)
    from sync.city.objects.s3 import S3Bucket, S3Place  # noqa: PLC0415 - optional dependency

    place = urlsplit(settings.objects.url)
    return S3Bucket(
        S3Place(
            place.netloc,
            settings.objects.access_key_id,
            settings.objects.secret_access_key,
            settings.objects.region,
            settings.objects.endpoint,
            place.path.strip("/"),
        )
    )


@contextlib.asynccontextmanager
async def _open_postgres(settings: Settings, city_id: bytes, now_ms: int) -> AsyncIterator[Storage]:
    from sync.city.archive.feed_store import postgres as feeds  # noqa: PLC0415 - optional
    from sync.city.archive.feed_store.blobs_postgres import (  # noqa: PLC0415
        PostgresBlobLedger,
    )
    from sync.city.archive.postgres import open_postgres  # noqa: PLC0415

    url = settings.database.url
    async with open_postgres(url, now_ms, feeds.OWNERS) as archive:
        yield Storage(
            archive,
            PostgresShelf(archive.pool),
            feeds.PostgresFeedStore(archive.pool, city_id),
            PostgresFeedDump(archive.pool),
            PostgresBlobLedger(archive.pool),
            # A server that failed is reached again by the pool: nothing here breaks for good.
            asyncio.Event(),
        )
