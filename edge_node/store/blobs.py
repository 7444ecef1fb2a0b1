"""Sealed attachments as files: whole on the disk before anybody hears of them.

Responsible for the order write, flush, rename, flush the folder; and for clearing away what a crash
or a failed write left behind. Rules: a name is the digest of the content, so a file is never
changed; a file without a row is rubbish, at the start at once, later a day after it was first seen
so, since it may get its row yet; a row without a file must not be possible. It must not know what a
file holds.
"""

import contextlib
import os
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import Final, Protocol

from sync.journal import blobs

FOLDER_MODE: Final = 0o2750
FILE_MODE: Final = 0o640
"""The daemon's group reads what it is to send."""

UNNAMED_FILE_DAYS: Final = 1
"""A file that no row has named for so long, by the monotonic clock, is never going to be named."""

UNFINISHED: Final = ".part"
_DAY_MS: Final = 24 * 3600 * 1000
DIGEST_CHARACTERS: Final = 64


class Disk(Protocol):
    """The four steps; tests bring a disk that fails after any of them."""

    def write(self, path: Path, content: bytes) -> None:
        """Make a file and flush its content."""

    def rename(self, path: Path, target: Path) -> None:
        """Give it its name."""

    def flush_folder(self, folder: Path) -> None:
        """Make the name durable."""

    def unlink(self, path: Path) -> None:
        """Remove a file; no matter if it is gone."""


class RealDisk:
    """The machine's."""

    def write(self, path: Path, content: bytes) -> None:
        """Exclusive, so that two writers never share a file."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, path: Path, target: Path) -> None:
        """Atomic within a folder."""
        path.rename(target)

    def flush_folder(self, folder: Path) -> None:
        """The name survives a power cut from here on."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def unlink(self, path: Path) -> None:
        """The file may be gone already."""
        path.unlink(missing_ok=True)


class Vault:
    """The folder of sealed attachments beside node.db."""

    def __init__(self, database: Path, enrolment: Path, disk: Disk | None = None) -> None:
        """`enrolment` is the file the city's first keys are read from."""
        self.enrolment = enrolment
        self._database = database
        self._disk = disk or RealDisk()
        self._unnamed: dict[str, int] = {}
        self.cleared = 0
        """Files without a row that were removed since the start."""

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self._database.parent / blobs.FOLDER

    def open(self, known: Collection[bytes]) -> int:
        """Make the folder if it is not there and remove what no row names; how many files went."""
        self.folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        strays = [path for path in self.folder.iterdir() if not _is_named(path.name, known)]
        for path in strays:
            self._disk.unlink(path)
        self.cleared += len(strays)
        return len(strays)

    def sweep(self, known: Collection[bytes], mono_ms: int) -> int:
        """Remove what no row has named since a look UNNAMED_FILE_DAYS ago; how many files went."""
        strays = [path for path in self.folder.iterdir() if not _is_named(path.name, known)]
        self._unnamed = {path.name: self._unnamed.get(path.name, mono_ms) for path in strays}
        longest_ms = UNNAMED_FILE_DAYS * _DAY_MS
        old = [path for path in strays if mono_ms - self._unnamed[path.name] >= longest_ms]
        for path in old:
            self._disk.unlink(path)
        self.cleared += len(old)
        return len(old)

    def put(self, digest: bytes, content: bytes) -> None:
        """Durable under its name when this returns. Raises OSError."""
        unfinished = self.folder / f"{secrets.token_hex(8)}{UNFINISHED}"
        try:
            self._disk.write(unfinished, content)
            self._disk.rename(unfinished, blobs.path_of(self._database, digest))
        except OSError:
            with contextlib.suppress(OSError):
                self._disk.unlink(unfinished)
            raise
        self._disk.flush_folder(self.folder)

    def remove(self, digest: bytes) -> None:
        """Forget a file whose row says so, or that never got one."""
        self._disk.unlink(blobs.path_of(self._database, digest))


def _is_named(name: str, known: Collection[bytes]) -> bool:
    if len(name) != DIGEST_CHARACTERS:
        return False
    try:
        return bytes.fromhex(name) in known
    except ValueError:
        return False
