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
from sync.city.archive.feed_store.port import FeedStore
from sync.city.archive.feed_store.sqlite import SqliteFeedStore
from sync.city.archive.port import Archive
from sync.city.archive.sqlite import open_archive
from sync.city.backup.attachments import Attachments, Look
from sync.city.backup.restore import Target, Verdict, restore
from sync.city.receiving.opening import BodyKeys
from sync.city.shelf import FolderShelf, Shelf
from sync.city.trust.identity import CityIdentity
from sync.city.trust.stations import StationDirectory
from sync.dictionary import DICTIONARIES
from sync.protocol.cose import FindKey


class Around(NamedTuple):
    """What is taken from outside: milliseconds since 1970 UTC, random bytes; who hears how far."""

    clock_ms: Callable[[], int]
    entropy: Callable[[int], bytes]
    look: Look = lambda _done, _total: None


class Room(NamedTuple):
    """The empty places of a city. Without one for attachments they are read and checked only."""

    archive: Archive
    shelf: Shelf
    feeds: FeedStore
    attachments: Attachments | None


def make_target(
    room: Room, identity: CityIdentity, executor: ThreadPoolExecutor, around: Around
) -> Target:
    """Where a backup of this city goes; stations are looked up on the shelf that came with it."""

    async def find_key() -> FindKey:
        stations = StationDirectory(room.shelf, identity)
        await stations.refresh()
        return stations.find_key

    return Target(
        city_id=identity.city_id,
        archive=room.archive,
        shelf=room.shelf,
        feeds=FeedRefill(room.feeds, around.entropy),
        keys=BodyKeys(identity.find_encryption_key, DICTIONARIES.get),
        executor=executor,
        clock_ms=around.clock_ms,
        find_key=find_key,
        attachments=room.attachments,
        look=around.look,
    )


async def drill(
    folder: Path, identity: CityIdentity, around: Around, work: Path | None, number: int | None
) -> Verdict:
    """Restore a backup below `work` (the system's temporary folder when None) and compare.

    Needs as much room as the backup without its attachments, which are only read. Raises
    BackupError, ArchiveError, DatabaseError, OSError.
    """
    with (
        TemporaryDirectory(prefix="edge-city-drill-", dir=work) as name,
        ThreadPoolExecutor(1) as executor,
    ):
        place = Path(name)
        async with open_archive(place / "city.db", feeds_sqlite.OWNERS) as archive:
            feeds = SqliteFeedStore(archive.writer, archive.reader, identity.city_id)
            room = Room(archive, FolderShelf(place / "shelf"), feeds, None)
            target = make_target(room, identity, executor, around)
            return await restore(target, folder, number)
