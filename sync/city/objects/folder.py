"""Objects as files.

Responsible for: write aside, flush, rename, flush the folder; so that a name is there only with its
whole content behind it, also after a power cut. It must not know digests.
"""

import asyncio
import contextlib
import errno
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from sync.certificates import DIRECTORY_MODE, PRIVATE_MODE
from sync.city.archive.values import ArchiveError, ArchiveFault
from sync.city.objects.port import (
    MAXIMUM_LISTED,
    MAXIMUM_OBJECT_BYTES,
    check_content,
    check_key,
)

RESERVE_BYTES: Final = 64 << 20
"""Left free on the file system: the archive beside it must still be able to commit."""

_ASIDE: Final = ".new"
_Result = TypeVar("_Result")


class FolderBucket:
    """Objects under `root`; a key is a path in it. One process may serve many requests."""

    def __init__(self, root: Path, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._root = root
        self._reserve_bytes = reserve_bytes
        self._numbers = itertools.count()

    async def put(self, key: str, content: bytes) -> None:
        """See Bucket."""
        path = self._root / check_key(key)
        check_content(content)
        await _in_thread(lambda: self._put(path, content))

    async def get(self, key: str) -> bytes | None:
        """See Bucket."""
        path = self._root / check_key(key)
        return await _in_thread(lambda: _get(path))

    async def size(self, key: str) -> int | None:
        """See Bucket."""
        path = self._root / check_key(key)
        return await _in_thread(lambda: _size(path))

    async def list(self, prefix: str) -> dict[str, int]:
        """See Bucket."""
        folder = self._root / check_key(prefix)
        found = await _in_thread(lambda: dict(itertools.islice(_files(folder), MAXIMUM_LISTED)))
        return {f"{prefix}/{name}": size for name, size in found.items()}

    async def remove(self, key: str) -> None:
        """See Bucket."""
        path = self._root / check_key(key)
        await _in_thread(lambda: path.unlink(missing_ok=True))

    def _put(self, path: Path, content: bytes) -> None:
        _make_folder(path.parent)
        if shutil.disk_usage(path.parent).free < self._reserve_bytes + len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        aside = path.with_name(f".{path.name}.{os.getpid()}.{next(self._numbers)}{_ASIDE}")
        try:
            _write(aside, content)
            aside.replace(path)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)


async def _in_thread(work: Callable[[], _Result]) -> _Result:
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        fault = ArchiveFault.FULL if full else ArchiveFault.BROKEN
        raise ArchiveError(fault, error.strerror or "") from error


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _make_folder(folder: Path) -> None:
    """The folder with the folders above it, each one's name durable."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=DIRECTORY_MODE)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _get(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(MAXIMUM_OBJECT_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    """Names and sizes; what was being written when the power went is passed over."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                yield entry.name, entry.stat(follow_symlinks=False).st_size
