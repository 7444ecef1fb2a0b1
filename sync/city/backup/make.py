"""Makes backups, and only then promises that records are archived.

Responsible for: writing what is new since the last backup, reading it back from the disk, and
moving `archived` to what a whole and verified backup holds. Rules: only opened batches are in a
backup, since only they are known to be good; a promise is made after the manifest was read back,
never before, so that a crash at any step leaves either the old promise or a backup that keeps the
new one; it ends before the first record whose attachment is not in the backup; of the archive's
life the backup needs no standstill: batches below `opened` never change.
It must not know databases, keys or HTTP.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from sync.city.archive.feed_store.dump import FeedEntry
from sync.city.archive.port import Archive, ArchiveError, Watermark
from sync.city.backup.attachments import Attachments, Look, copy_attachments
from sync.city.backup.form import (
    SEGMENT_BYTES,
    ApartRow,
    BackupError,
    BackupFault,
    BatchRow,
    LogMark,
    Manifest,
    Range,
    Row,
    Segment,
    ShelfRow,
    encode_row,
    find_manifest,
    is_whole,
    locked,
    next_number,
    prune,
    write_manifest,
    write_segment,
)
from sync.city.feeds.publishing import REFUSED_SPOOL, SPOOL
from sync.city.receiving.opening import unpack
from sync.city.shelf import Shelf
from sync.city.trust.keysets import KEYSETS
from sync.city.trust.stations import REVOCATIONS, STATIONS

SHELF_FOLDERS: Final = (STATIONS, REVOCATIONS, KEYSETS, SPOOL, REFUSED_SPOOL)
"""What of the shelf is kept. Enrolment codes are not: an old copy would make a used one good."""

LOOK_S: Final = 60.0
"""Between two looks at whether a backup is due."""

_log = logging.getLogger(__name__)


class FeedDump(Protocol):
    """Reads every entry of every feed."""

    def entries(self) -> AsyncIterator[FeedEntry]:
        """By feed, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up, and for which city. `look` hears of attachments as they are copied."""

    archive: Archive
    shelf: Shelf
    feeds: FeedDump | None
    attachments: Attachments
    city_id: bytes
    look: Look = lambda _done, _total: None


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: what it is, and how much of it is new."""

    manifest: Manifest
    new_records: int
    new_bytes: int


async def make_backup(source: Source, folder: Path, now_ms: int) -> Made:
    """Write and read back; `promise` follows. Raises BackupError, ArchiveError, OSError."""
    with locked(folder):
        before = await asyncio.to_thread(_last, source, folder)
        work = _Work(folder, before)
        low = await _counts(source.archive)
        marks = [mark for mark in await source.archive.watermarks() if mark.opened]
        logs = [await work.copy_log(source.archive, mark) for mark in marks]
        await work.close(state=False)
        await work.copy_state(source)
        logs, attachments = await copy_attachments(
            *(source.archive, source.attachments, folder, logs, before, source.look)
        )
        high = await _counts(source.archive)
        manifest = Manifest(
            number=await asyncio.to_thread(next_number, folder),
            city_id=source.city_id,
            generation=source.archive.generation,
            made_ms=now_ms,
            segments=(*work.kept, *work.written),
            logs=tuple(logs),
            effects=Range(low[0], high[0]),
            dossiers=Range(low[1], high[1]),
            attachments=attachments,
        )
        await asyncio.to_thread(write_manifest, folder, manifest)
        await asyncio.to_thread(prune, folder)
    return Made(manifest, work.records, sum(segment.size_bytes for segment in work.written))


async def promise(archive: Archive, manifest: Manifest) -> None:
    """Call archived what this backup, written and read back, holds. Raises ArchiveError."""
    if manifest.generation == archive.generation:
        await archive.set_archived({log.lid: log.whole for log in manifest.logs})


async def keep_backing_up(
    source: Source, folder: Path, every_ms: int, clock_ms: Callable[[], int]
) -> None:
    """Make a backup whenever the newest is older than `every_ms`, for ever; cancel to stop.

    Several processes may do so with one folder, and `edge-city backup` beside them. A failure is
    said once, until one succeeds.
    """
    failed = False
    promised = 0
    while True:
        try:
            newest = await _newest_or_new(source, folder, every_ms, clock_ms())
            if newest.number != promised:
                await promise(source.archive, newest)
                promised = newest.number
        except (BackupError, ArchiveError, OSError) as error:
            if not failed and not _is_busy(error):
                _log.error("no backup, nothing more is archived: %s", error)
                failed = True
        else:
            if failed:
                _log.warning("backups are made again")
            failed = False
        await asyncio.sleep(LOOK_S)


async def _newest_or_new(source: Source, folder: Path, every_ms: int, now_ms: int) -> Manifest:
    """The newest backup, made now when it is due; perhaps the command line made it."""
    newest = await asyncio.to_thread(_last, source, folder)
    # A manifest from the future was made under another clock.
    if newest is not None and 0 <= now_ms - newest.made_ms < every_ms:
        return newest
    return (await make_backup(source, folder, now_ms)).manifest


def _is_busy(error: Exception) -> bool:
    return isinstance(error, BackupError) and error.fault is BackupFault.BUSY


def _last(source: Source, folder: Path) -> Manifest | None:
    """The backup that this one goes on from; None when everything must be written anew."""
    try:
        newest = find_manifest(folder)
    except BackupError as error:
        if error.fault is not BackupFault.DAMAGED:
            raise
        _log.error("the backup in %s is damaged (%s): it is made anew as a whole", folder, error)
        return None
    if newest is None:
        return None
    if newest.city_id != source.city_id:
        raise BackupError(BackupFault.FOREIGN, str(folder))
    if newest.generation != source.archive.generation:
        return None
    if not is_whole(folder, newest):
        _log.error("files of the backup in %s are missing: it is made anew as a whole", folder)
        return None
    return newest


async def _counts(archive: Archive) -> tuple[int, int]:
    """Effects and dossiers; both only grow."""
    summaries = await archive.summarise(0)
    return await archive.count_effects(), sum(summary.dossiers for summary in summaries)


class _Work:
    """The segments of one backup while they are written."""

    def __init__(self, folder: Path, before: Manifest | None) -> None:
        self._folder = folder
        self._done: Mapping[bytes, LogMark] = (
            {log.lid: log for log in before.logs} if before else {}
        )
        self.kept = [segment for segment in before.segments if not segment.state] if before else []
        self.written: list[Segment] = []
        self.records = 0
        self._pieces: list[bytes] = []
        self._size = 0

    async def copy_log(self, archive: Archive, mark: Watermark) -> LogMark:
        """Write what is new of a log; how far the backup then has it."""
        done = self._done.get(mark.lid)
        size, root = (done.size, done.root) if done else (0, b"")
        while size < mark.opened:
            batch = await archive.batch_at(mark.node_id, mark.lid, size)
            if batch is None or batch.start != size:
                raise BackupError(BackupFault.DAMAGED, f"the archive itself, log {mark.lid.hex()}")
            await self.add(
                BatchRow(mark.lid, batch.start, batch.end, batch.received_ms, batch.raw),
                state=False,
            )
            root = unpack(batch.raw).header.root
            self.records += batch.end - size
            size = batch.end
        return LogMark(mark.lid, mark.node_id, mark.station, size, root, whole=0)

    async def copy_state(self, source: Source) -> None:
        """Write what is small and may change: quarantine, shelf, feeds; anew each time."""
        for item in await source.archive.quarantined(None):
            raw = await source.archive.read_quarantined(item.id)
            if raw is not None:
                row = ApartRow(
                    *(item.node_id, item.station, item.lid, item.first, item.records, item.reason),
                    *(item.received_ms, item.released_ms, raw),
                )
                await self.add(row, state=True)
        for folder in SHELF_FOLDERS:
            for name in sorted(await source.shelf.list(folder)):
                content = await source.shelf.read(folder, name)
                if content is not None:
                    await self.add(ShelfRow(folder, name, content), state=True)
        if source.feeds is not None:
            async for entry in source.feeds.entries():
                await self.add(entry, state=True)
        await self.close(state=True)

    async def add(self, row: Row, *, state: bool) -> None:
        """One more row; a full segment goes to the disk."""
        piece = encode_row(row)
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size >= SEGMENT_BYTES:
            await self.close(state=state)

    async def close(self, *, state: bool) -> None:
        """Write the rows that are in memory."""
        if not self._pieces:
            return
        pieces, self._pieces, self._size = self._pieces, [], 0
        self.written.append(await asyncio.to_thread(self._write, pieces, state))

    def _write(self, pieces: list[bytes], state: bool) -> Segment:  # noqa: FBT001 - for to_thread
        return write_segment(self._folder, next_number(self._folder), pieces, state=state)
