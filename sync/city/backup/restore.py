"""Brings an archive back from a backup, and tries out that it could.

Responsible for: reading every file of a backup before anything is changed, taking the batches in
through the same door and with the same checks as a station's, opening them with the city's keys,
comparing every root and the counts with the manifest, and giving the attachments back. Rules:
nothing is restored into an archive that has anything; an attachment that is missing is named and
holds nothing up; a restored archive has a new generation, by which stations see it and send again
what the backup had not. It must not know databases or HTTP.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from sync.city.archive.feed_store.dump import FeedEntry
from sync.city.archive.port import Archive, Arrival, MustOpen, Sealed, Stored
from sync.city.backup.attachments import Attachments, Giver, Look, Returned, bring_back
from sync.city.backup.form import (
    ApartRow,
    BackupError,
    BackupFault,
    BatchRow,
    LogMark,
    Manifest,
    Range,
    Row,
    ShelfRow,
    decode_rows,
    find_manifest,
    read_segment,
)
from sync.city.metrics import Metrics
from sync.city.receiving.opening import BodyKeys, unpack
from sync.city.receiving.projections import Opener
from sync.city.shelf import Shelf
from sync.protocol import merkle
from sync.protocol.batch import open_batch, parse_batch
from sync.protocol.cose import FindKey
from sync.protocol.errors import ProtocolError, ProtocolErrorCode

LEAVES_AT_ONCE: Final = 10_000
"""Leaves read at one time while a root is computed anew."""
ENTRIES_AT_ONCE: Final = 500


class FeedRestore(Protocol):
    """Puts entries into feeds that are empty."""

    async def put(self, entries: Sequence[FeedEntry], now_ms: int) -> None:
        """Append these, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup goes: an empty archive, and what opening takes.

    `find_key` is called when the shelf is restored; it gives the stations' public keys. Without a
    place for `attachments` they are checked only. `look` is told of them one by one.
    """

    city_id: bytes
    archive: Archive
    shelf: Shelf
    feeds: FeedRestore | None
    keys: BodyKeys
    executor: Executor
    clock_ms: Callable[[], int]
    find_key: Callable[[], Awaitable[FindKey]]
    attachments: Attachments | None
    look: Look = lambda _done, _total: None


class Verdict(NamedTuple):
    """What a restore brought back, after everything was compared and found the same."""

    manifest: Manifest
    batches: int
    records: int
    effects: int
    dossiers: int
    set_apart: int
    unknown_signers: int
    """Batches of keys that the shelf does not know: kept, but their signature was not checked."""
    attachments: Returned


def check_backup(folder: Path, city_id: bytes, number: int | None = None) -> Manifest:
    """The newest backup in a folder, or that of a number, every byte read. Raises BackupError.

    Every segment is as it was written, and its batches are each log from 0 to the size and root in
    the manifest.
    """
    manifest = find_manifest(folder, number)
    if manifest is None:
        raise BackupError(BackupFault.MISSING, str(folder))
    if manifest.city_id != city_id:
        raise BackupError(BackupFault.FOREIGN, str(folder))
    heads: dict[bytes, tuple[int, bytes]] = {}
    for segment in manifest.segments:
        for row in decode_rows(read_segment(folder, segment)):
            if isinstance(row, BatchRow):
                _follow(heads, row)
    if heads != {log.lid: (log.size, log.root) for log in manifest.logs}:
        raise BackupError(BackupFault.DAMAGED, "its batches are not the logs of its manifest")
    return manifest


async def restore(target: Target, folder: Path, number: int | None = None) -> Verdict:
    """Bring everything back into an empty archive and compare. Raises BackupError, ArchiveError."""
    manifest = await asyncio.to_thread(check_backup, folder, target.city_id, number)
    if await target.archive.watermarks() or await target.archive.quarantined(None):
        raise BackupError(BackupFault.NOT_EMPTY)
    work = _Restore(target)
    async for row in _rows(folder, manifest, state=True):
        await work.put_state(row)
    await work.put_entries()
    find_key = await target.find_key()
    async for row in _rows(folder, manifest, state=False):
        if isinstance(row, BatchRow):
            await work.put_batch(row, find_key)
    while await work.opener.open_some():
        pass
    await work.compare(manifest)
    giver = Giver(target.archive, target.attachments, find_key, target.clock_ms)
    returned = await bring_back(giver, folder, manifest, target.look)
    await target.archive.set_archived(returned.whole)
    await target.archive.renew()
    return work.verdict(manifest, returned)


class _Restore:
    """The work of one restore and what it counts."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._archive = target.archive
        self.opener = Opener(
            target.archive, target.keys, target.executor, target.clock_ms, Metrics()
        )
        self._entries: list[FeedEntry] = []
        self._batches = 0
        self._set_apart = 0
        self._unknown = 0
        self._counted = (0, 0)

    async def put_state(self, row: Row) -> None:
        """Bring back what is not a batch."""
        if isinstance(row, ShelfRow):
            await self._target.shelf.write(*row)
        elif isinstance(row, ApartRow):
            await self._put_apart(row)
        elif isinstance(row, FeedEntry):
            self._entries.append(row)
            if len(self._entries) >= ENTRIES_AT_ONCE:
                await self.put_entries()

    async def put_entries(self) -> None:
        """Bring back the entries of feeds that are in memory."""
        if self._entries and self._target.feeds is not None:
            await self._target.feeds.put(self._entries, self._target.clock_ms())
        self._entries = []

    async def put_batch(self, row: BatchRow, find_key: FindKey) -> None:
        """Take a batch in as if its station sent it now, with the time it came first."""
        self._check_signature(row, find_key)
        signed = unpack(row.raw)
        arrival = Arrival(signed.header, row.raw, row.received_ms)
        outcome = await self._archive.store(arrival)
        if isinstance(outcome, MustOpen):
            try:
                entries = open_batch(signed, **self._target.keys._asdict())
            except ProtocolError as error:
                raise _unreadable(row, error) from None
            await self.opener.open_log(row.lid)
            leaves = [entry.leaf for entry in entries]
            outcome = await self._archive.store_opened(arrival, leaves)
        if not isinstance(outcome, Stored) or outcome.head.size != row.end:
            raise BackupError(BackupFault.DIFFERENT, f"log {row.lid.hex()} at {row.start}")
        self._batches += 1

    async def compare(self, manifest: Manifest) -> None:
        """Hold what came back against the manifest. Raises BackupError."""
        found = {mark.lid: mark for mark in await self._archive.watermarks()}
        for log in manifest.logs:
            mark = found.pop(log.lid, None)
            if mark is None or (mark.size, mark.opened) != (log.size, log.size):
                raise BackupError(BackupFault.UNREADABLE, f"log {log.lid.hex()}")
            if await self._root(log) != log.root:
                raise BackupError(BackupFault.DIFFERENT, f"root of log {log.lid.hex()}")
        effects = await self._archive.count_effects()
        dossiers = sum(one.dossiers for one in await self._archive.summarise(0))
        counted = {
            "effects": (effects, manifest.effects),
            "dossiers": (dossiers, manifest.dossiers),
        }
        for name, (count, between) in counted.items():
            if found or not between.low <= count <= between.high:
                raise BackupError(BackupFault.DIFFERENT, f"{count} {name}, not {between}")
        self._counted = effects, dossiers

    def verdict(self, manifest: Manifest, returned: Returned) -> Verdict:
        """What came back, once it was compared."""
        return Verdict(
            *(manifest, self._batches, manifest.records, *self._counted),
            *(self._set_apart, self._unknown, returned),
        )

    async def _root(self, log: LogMark) -> bytes:
        """The root over the leaves that were computed from the records."""
        frontier = merkle.EMPTY_FRONTIER
        for first in range(0, log.size, LEAVES_AT_ONCE):
            leaves = await self._archive.leaves(log.lid, first, first + LEAVES_AT_ONCE)
            frontier = merkle.extend(frontier, first, leaves)
        return merkle.root(frontier)

    async def _put_apart(self, row: ApartRow) -> None:
        await self._archive.keep_apart(
            Sealed(
                *(row.node_id, row.station, row.lid, row.first, row.records, row.reason),
                *(row.raw, row.received_ms),
            )
        )
        self._set_apart += 1
        if row.released_ms is not None:
            items = await self._archive.quarantined(row.station)
            await self._archive.release(items[-1].id, row.released_ms)

    def _check_signature(self, row: BatchRow, find_key: FindKey) -> None:
        try:
            parse_batch(row.raw, find_key)
        except ProtocolError as error:
            if error.code is not ProtocolErrorCode.UNKNOWN_KEY:
                raise _unreadable(row, error) from None
            self._unknown += 1


def _check_count(name: str, count: int, between: Range) -> None:
    if not between.low <= count <= between.high:
        detail = f"{count} {name}, not {between.low} to {between.high}"
        raise BackupError(BackupFault.DIFFERENT, detail)


def _unreadable(row: BatchRow, error: ProtocolError) -> BackupError:
    place = f"log {row.lid.hex()} at {row.start}: {error.code.value}"
    return BackupError(BackupFault.UNREADABLE, place)


def _follow(heads: dict[bytes, tuple[int, bytes]], row: BatchRow) -> None:
    size, _ = heads.get(row.lid, (0, b""))
    try:
        header = unpack(row.raw).header
    except ProtocolError:
        raise BackupError(BackupFault.DAMAGED, f"log {row.lid.hex()} at {row.start}") from None
    named = (header.lid, header.first + header.count)
    if row.start != size or named != (row.lid, row.end) or header.first > size:
        raise BackupError(BackupFault.DAMAGED, f"log {row.lid.hex()} at {row.start}")
    heads[row.lid] = (row.end, header.root)


async def _rows(folder: Path, manifest: Manifest, *, state: bool) -> AsyncIterator[Row]:
    for segment in manifest.segments:
        if segment.state is state:
            data = await asyncio.to_thread(partial(read_segment, folder, segment))
            for row in decode_rows(data):
                yield row
