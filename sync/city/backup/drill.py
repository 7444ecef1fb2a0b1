"""The restore drill: brings the newest backup back in a place of its own, and throws it away.

Responsible for: that place. A backup that was never restored is a hope; run this every night. It
must not touch the archive in use.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sync.city.archive.feed_store import sqlite as feeds_sqlite
from sync.city.archive.feed_store.dump import FeedRefill
from sync.city.archive.feed_store.sqlite import SqliteFeedStore
from sync.city.archive.port import Archive
from sync.city.archive.sqlite import open_archive
from sync.city.backup.restore import FeedRestore, Target, Verdict, restore
from sync.city.receiving.opening import BodyKeys
from sync.city.shelf import FolderShelf, Shelf
from sync.city.trust.identity import CityIdentity
from sync.city.trust.stations import StationDirectory
from sync.dictionary import DICTIONARIES
from sync.protocol.cose import FindKey


class Around(NamedTuple):
    """What is taken from outside: milliseconds since 1970 UTC, random bytes."""

    clock_ms: Callable[[], int]
    entropy: Callable[[int], bytes]


def make_target(
    archive: Archive,
    shelf: Shelf,
    feeds: FeedRestore | None,
    identity: CityIdentity,
    executor: ThreadPoolExecutor,
    clock_ms: Callable[[], int],
) -> Target:
    """Where a backup of this city goes; stations are looked up on the shelf that came with it."""

    async def find_key() -> FindKey:
        stations = StationDirectory(shelf, identity)
        await stations.refresh()
        return stations.find_key

    return Target(
        city_id=identity.city_id,
        archive=archive,
        shelf=shelf,
        feeds=feeds,
        keys=BodyKeys(identity.find_encryption_key, DICTIONARIES.get),
        executor=executor,
        clock_ms=clock_ms,
        find_key=find_key,
    )


async def drill(
    folder: Path, identity: CityIdentity, around: Around, work: Path | None, number: int | None
) -> Verdict:
    """Restore a backup below `work` (the system's temporary folder when None) and compare.

    Needs as much room as the backup. Raises BackupError, ArchiveError, DatabaseError, OSError.
    """
    with (
        TemporaryDirectory(prefix="edge-city-drill-", dir=work) as name,
        ThreadPoolExecutor(1) as executor,
    ):
        place = Path(name)
        async with open_archive(place / "city.db", feeds_sqlite.OWNERS) as archive:
            feeds = SqliteFeedStore(archive.writer, archive.reader, identity.city_id)
            target = make_target(
                archive,
                FolderShelf(place / "shelf"),
                FeedRefill(feeds, around.entropy),
                identity,
                executor,
                around.clock_ms,
            )
            return await restore(target, folder, number)
