"""Looking at what other processes write: node.db, the enrolment, the keys.

Responsible for waking the conversation soon after a commit of the node, at the price of one stat()
a look: the file is asked only when its write-ahead log has changed, and then until the commit
shows. It must not know what the files say.
"""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final, NamedTuple, Self

from sync.daemon.bell import Bell
from sync.daemon.identity import SIGNING_KEY_FILE
from sync.daemon.settings import Settings
from sync.database import Reader

FLUSH_S: Final = 1.0
"""The write-ahead log changes before the commit shows: so long the file itself is asked."""

LIVELY_S: Final = 60.0
QUIET_FACTOR: Final = 5
"""So long after a change the log is looked at every interval, later so many times less often."""

OTHER_FILES_S: Final = 0.5
"""Between looks at the other files, and at node.db itself should a stat() have missed something."""


class Versions(NamedTuple):
    """Which files are there now; None for one that is not."""

    enrolment: tuple[int, int] | None
    node_inode: int | None
    node_modified_ns: int | None
    key_inode: int | None

    def same_files(self, before: "Versions") -> bool:
        """Whether the daemon may go on with what it has open; a missing enrolment is no news."""
        enrolment = self.enrolment in {before.enrolment, None}
        keys = self.key_inode in {before.key_inode, None}
        return enrolment and keys and self.node_inode == before.node_inode


def versions(settings: Settings) -> Versions:
    """The files as they are now."""
    enrolment = _status(settings.files.enrolment)
    node = _status(settings.files.node_database)
    key = _status(settings.files.keys_directory / SIGNING_KEY_FILE)
    return Versions(
        (enrolment.st_ino, enrolment.st_mtime_ns) if enrolment else None,
        node.st_ino if node else None,
        node.st_mtime_ns if node else None,
        key.st_ino if key else None,
    )


async def watch(settings: Settings, grown: asyncio.Event, reader: Reader, bell: Bell) -> None:
    """Set `grown` whenever the node has committed; end when a file is another one."""
    files = versions(settings)
    seen = await _data_version(reader)
    grown.set()  # whatever came before the first look
    with _Look(settings, bell) as look:
        while versions(settings).same_files(files):
            await bell.wait(OTHER_FILES_S)
            version = await _data_version(reader)
            if version != seen:
                seen = version
                look.rest()
                grown.set()


def wal_path(database: Path) -> Path:
    """Where SQLite keeps a database's write-ahead log."""
    return database.with_name(f"{database.name}-wal")


class _Look:
    """Rings the bell when node.db's write-ahead log has changed, and until the commit shows.

    A timer and a stat() without a task. Measured: fifty looks a second cost half a percent of a
    core, so a station where nothing happens is looked at less often.
    """

    def __init__(self, settings: Settings, bell: Bell) -> None:
        self._log = wal_path(settings.files.node_database)
        self._interval_s = settings.schedule.poll_s
        self._bell = bell
        self._stamp = stamp(self._log)
        self._until = 0.0
        self._loop = asyncio.get_running_loop()
        self._changed_at = self._loop.time()

    def __enter__(self) -> Self:
        self._timer = self._loop.call_later(self._interval_s, self._look)
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        lively = now - self._changed_at < LIVELY_S
        interval_s = self._interval_s if lively else self._interval_s * QUIET_FACTOR
        self._timer = self._loop.call_later(interval_s, self._look)
        there = stamp(self._log)
        if there != self._stamp:
            self._stamp = there
            self._changed_at = now
            self._until = now + FLUSH_S
        if now < self._until:
            self._bell.ring()

    def rest(self) -> None:
        """The commit was seen; another one writes again."""
        self._until = 0.0


async def await_files(settings: Settings, files: Versions, longest_s: float) -> None:
    """Return after `longest_s`, or as soon as the enrolment, the keys or node.db are others."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(longest_s):
            # Files of other processes: nothing but looking tells of a change.
            while versions(settings) == files:  # noqa: ASYNC110
                await asyncio.sleep(settings.schedule.poll_s)


async def _data_version(reader: Reader) -> int:
    """Changes whenever another connection commits to the file."""
    row = await reader.query(
        lambda connection: connection.execute("PRAGMA data_version").fetchone()
    )
    return int(row[0])


def stamp(path: Path) -> tuple[int, int] | None:
    """When a file was last written to and its size; None when it is not there."""
    status = _status(path)
    return (status.st_mtime_ns, status.st_size) if status is not None else None


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
