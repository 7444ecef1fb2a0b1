"""Where the city keeps everything, as its configuration says.

Responsible for: choosing between SQLite with files beside it and PostgreSQL, between a folder and
an S3 service for attachments, and opening the chosen ones; nobody else knows which it is. What is
not chosen is not imported: its libraries are optional. It must not know what is kept.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sync.city.archive.feed_store import sqlite as feeds_sqlite
from sync.city.archive.feed_store.blobs_sqlite import SqliteBlobLedger
from sync.city.archive.feed_store.port import BlobLedger, FeedStore
from sync.city.archive.feed_store.sqlite import SqliteFeedStore
from sync.city.archive.overview import open_exporter as open_sqlite_exporter
from sync.city.archive.port import Archive, Exporter
from sync.city.archive.sqlite import open_archive
from sync.city.objects.folder import FolderBucket
from sync.city.objects.port import Bucket
from sync.city.settings import Settings
from sync.city.shelf import FolderShelf, PostgresShelf, Shelf


@dataclass(frozen=True, slots=True)
class Storage:
    """All places on one database. `broken` is set when the process must be started anew."""

    archive: Archive
    shelf: Shelf
    feeds: FeedStore
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
    async with open_archive(settings.database_path, feeds_sqlite.OWNERS) as archive:
        yield Storage(
            archive,
            FolderShelf(settings.city.state_directory),
            SqliteFeedStore(archive.writer, archive.reader, city_id),
            SqliteBlobLedger(archive.writer, archive.reader),
            archive.writer.broken,
        )


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
            PostgresBlobLedger(archive.pool),
            # A server that failed is reached again by the pool: nothing here breaks for good.
            asyncio.Event(),
        )
