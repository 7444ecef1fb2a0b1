"""The archive in one SQLite file.

Responsible for: each port call as one transaction of the one writer, or one read. The statements
are in the modules beside this one. It must not know HTTP, keys or wire formats.
"""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar, cast

from sync.city.archive import kept, named_attachments, opened, overview, taking_in
from sync.city.archive.port import (
    ArchiveError,
    ArchiveFault,
    Arrival,
    AskedHead,
    Caller,
    Followed,
    Gauges,
    Head,
    MustOpen,
    Named,
    NoticeCode,
    Opening,
    OpeningWork,
    Quarantined,
    Replay,
    Replayed,
    Sealed,
    StationSummary,
    Stored,
    StoredBatch,
    Unreadable,
    Watermark,
)
from sync.city.intake import KnownLog, Refuse
from sync.database import DatabaseError, DatabaseFault, Reader, Writer, open_reader, open_writer

OWNER: Final = "city"
PAGE_BYTES: Final = 4_096
"""Command ids are random: in a large archive each changes a page of its own, so small pages write
half of what pages of 16 KiB would (measured with 300,000 stored), and batches lose nothing."""

CHECKPOINT_PAGES: Final = 16_384
"""Pages in the write-ahead log before they are copied into the file: 64 MiB."""
CACHE_KIB: Final = 24 << 10
"""Enough for the pages of one turn of opening; the whole process is to stay below 90 MiB."""

NO_OTHERS: Final[Mapping[str, Traversable]] = MappingProxyType({})

Result = TypeVar("Result")

_FAULTS: Final = {
    DatabaseFault.FULL: ArchiveFault.FULL,
    DatabaseFault.BUSY: ArchiveFault.BUSY,
}


class SqliteArchive:
    """Implements the archive port; made by `open_archive`."""

    def __init__(self, writer: Writer, reader: Reader, generation: bytes) -> None:
        self.writer = writer
        self.reader = reader
        self._generation = generation
        self._turn = 0

    @property
    def generation(self) -> bytes:
        """8 random bytes that change only when the archive is made anew or restored."""
        return self._generation

    async def check(self) -> None:
        """Read something."""
        await self._read(kept.read_generation)

    async def store(self, arrival: Arrival) -> Stored | MustOpen | Refuse:
        """Keep a batch that continues its log exactly, durably."""
        return await self._write(lambda raw: taking_in.store(raw, arrival))

    async def store_opened(
        self, arrival: Arrival, leaves: Sequence[bytes]
    ) -> Stored | MustOpen | Refuse:
        """Compare an opened batch leaf by leaf and keep what is new."""
        return await self._write(lambda raw: taking_in.store_opened(raw, arrival, leaves))

    async def greet(
        self, caller: Caller, asked: Sequence[AskedHead], received_ms: int
    ) -> tuple[list[Head], int]:
        """Note the contact and tell the heads of the logs asked for."""
        heads, number = await self._read(
            lambda raw: (
                taking_in.asked_heads(raw, caller.node_id, asked),
                taking_in.newest_batch(raw),
            )
        )
        pairs = zip(asked, heads, strict=True)
        behind = sum(max(0, log.size - head.size) for log, head in pairs)
        # A full disk must not keep a station from learning where it stands.
        with contextlib.suppress(ArchiveError):
            await self._write(lambda raw: taking_in.note_contact(raw, caller, received_ms, behind))
        return heads, number

    async def logs_of(self, node_id: bytes) -> list[KnownLog]:
        """Every log of a station, newest first."""
        return await self._read(lambda raw: taking_in.logs_of(raw, node_id))

    async def claim(self, now_ms: int, maximum_records: int) -> Sequence[OpeningWork]:
        """Batches to open; logs take turns. One process needs no lease, so `now_ms` is not used."""
        del now_ms
        works = await self._read(lambda raw: opened.claim(raw, self._turn, maximum_records))
        self._turn = works[-1].log if works else 0
        return works

    async def claim_log(self, lid: bytes, maximum_records: int) -> OpeningWork | None:
        """Batches to open of one log."""
        return await self._read(lambda raw: opened.claim_log(raw, lid, maximum_records))

    async def enter(self, openings: Sequence[Opening], now_ms: int) -> int:
        """Write down what was opened; how many records were entered."""
        return await self._write(lambda raw: opened.enter(raw, openings, now_ms))

    async def set_back(self, unreadable: Unreadable, now_ms: int) -> bool:
        """Put the batch at `opened` and all after it into quarantine."""
        return await self._write(lambda raw: opened.set_back(raw, unreadable, now_ms))

    async def find_replays(self, kinds: Collection[int], maximum_records: int) -> Sequence[Replay]:
        """Records of formerly unknown kinds, with their batches."""
        return await self._read(lambda raw: opened.find_replays(raw, kinds, maximum_records))

    async def replay(self, replayed: Sequence[Replayed], now_ms: int) -> int:
        """Let the records of formerly unknown kinds take effect."""
        return await self._write(lambda raw: opened.replay(raw, replayed, now_ms))

    async def keep_apart(self, sealed: Sealed) -> bool:
        """Put bytes into quarantine; False when the station's share of it is full."""
        return await self._write(lambda raw: kept.keep_apart(raw, sealed))

    async def quarantined(self, station: int | None) -> Sequence[Quarantined]:
        """What lies in quarantine, oldest first."""
        return await self._read(lambda raw: kept.quarantined(raw, station))

    async def read_quarantined(self, item: int) -> bytes | None:
        """The bytes of an item as they came."""
        return await self._read(lambda raw: kept.read_quarantined(raw, item))

    async def release(self, item: int, now_ms: int) -> None:
        """Mark an item as let go by a person."""
        await self._write(lambda raw: kept.release(raw, item, now_ms))

    async def leaves(self, lid: bytes, first: int, end: int) -> list[bytes]:
        """The leaves of these positions, as far as they are opened."""
        return await self._read(lambda raw: kept.leaves(raw, lid, first, end))

    async def batch_at(self, node_id: bytes, lid: bytes, sequence: int) -> StoredBatch | None:
        """The batch whose own records include this one."""
        return await self._read(lambda raw: kept.batch_at(raw, node_id, lid, sequence))

    async def attachments_named(self, lid: bytes, first: int, end: int) -> Sequence[Named]:
        """What opened records of a log speak of, in order."""
        return await self._read(lambda raw: named_attachments.read(raw, lid, first, end))

    async def watermarks(self) -> Sequence[Watermark]:
        """Every log, in order of arrival."""
        return await self._read(kept.watermarks)

    async def count_effects(self) -> int:
        """How many commands have taken effect."""
        return await self._read(kept.count_effects)

    async def set_archived(self, archived: Mapping[bytes, int]) -> None:
        """These leading records are in a verified backup."""
        await self._write(lambda raw: kept.set_archived(raw, archived))

    async def renew(self) -> bytes:
        """Begin a new generation."""
        self._generation = await self._write(kept.renew)
        return self._generation

    async def notices(self, node_id: bytes, now_ms: int) -> Sequence[tuple[NoticeCode, bytes]]:
        """What a WELCOME tells this station."""
        return await self._read(lambda raw: overview.notices(raw, node_id, now_ms))

    async def gauges(self) -> Gauges:
        """The archive as a whole."""
        return await self._read(overview.gauges)

    async def follow(self, dossier_id: bytes) -> Followed | None:
        """A dossier of the register by its id."""
        return await self._read(lambda raw: overview.follow(raw, dossier_id))

    async def summarise(self, now_ms: int) -> list[StationSummary]:
        """One summary for each station ever heard of."""
        return await self._read(lambda raw: overview.summarise(raw, now_ms))

    async def _write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            return await self.writer.transact(work)
        except DatabaseError as error:
            raise ArchiveError(_FAULTS.get(error.code, ArchiveFault.BROKEN)) from error

    async def _read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            return await self.reader.query(work)
        except DatabaseError as error:
            raise ArchiveError(_FAULTS.get(error.code, ArchiveFault.BROKEN)) from error


@contextlib.asynccontextmanager
async def open_archive(
    path: Path, others: Mapping[str, Traversable] = NO_OTHERS
) -> AsyncIterator[SqliteArchive]:
    """The archive in `path`, created or migrated as needed.

    `others` are further owners of tables in the same file, with their folders of migrations; they
    share `writer` and `reader`.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = files("sync.city.archive") / "migrations"
    async with (
        open_writer(path, {OWNER: folder, **others}, page_bytes=PAGE_BYTES) as writer,
        open_reader(path) as reader,
    ):
        await writer.transact(_tune)
        yield SqliteArchive(writer, reader, await reader.query(kept.read_generation))


@contextlib.asynccontextmanager
async def open_archive_reading(path: Path) -> AsyncIterator[SqliteArchive]:
    """The archive in `path` beside the process that writes it: every change is refused as busy."""
    try:
        async with open_reader(path) as reader:
            generation = await reader.query(kept.read_generation)
            yield SqliteArchive(cast("Writer", _Refusing()), reader, generation)
    except DatabaseError as error:
        raise ArchiveError(ArchiveFault.MISSING, f"{path} {error}") from error


class _Refusing:
    """In place of the writer where another process has it."""

    async def transact(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Refuse."""
        del work
        raise DatabaseError(DatabaseFault.BUSY, "opened for reading")


def _tune(connection: sqlite3.Connection) -> None:
    """A city's disk has room for a longer log of changes: fewer checkpoints, the same safety."""
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
