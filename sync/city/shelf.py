"""Small things of the city that must outlive the process, by name: stations' files, codes, keyset.

Responsible for: keeping whole contents under (folder, name) in files beside an embedded archive, or
in the database that several city processes share. Rules: `write` returns only after it is durable;
a reader meets the old content or the new one, never a part; `swap` changes a content only if nobody
else did since it was seen, which is what makes a one-time code good for one use; a version says
nothing but "the same" or "changed". It must not know what the contents mean.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from sync.certificates import DIRECTORY_MODE, PUBLIC_MODE, write_whole
from sync.city.archive.values import ArchiveError, ArchiveFault

MAXIMUM_CONTENT_BYTES: Final = 4 << 20
"""One content; larger things are objects of the object store."""
MAXIMUM_NAME_CHARACTERS: Final = 128

_NAME: Final = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{MAXIMUM_NAME_CHARACTERS - 1}}}")
_LOCK: Final = ".lock"
_Result = TypeVar("_Result")


class Shelf(Protocol):
    """Named contents in named folders.

    Names and folders are lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or a
    digit. A content is at most 4 MiB. Raises ValueError for others, ArchiveError when the place
    fails; nothing is changed then.
    """

    async def list(self, folder: str) -> dict[str, str]:
        """The version of every content in `folder`, by name; empty when there is no folder."""

    async def read(self, folder: str, name: str) -> bytes | None:
        """The content; None when there is none."""

    async def write(self, folder: str, name: str, content: bytes) -> None:
        """Put `content` there, in place of what was there before."""

    async def remove(self, folder: str, name: str) -> None:
        """Take the content away; no fault when it is gone already."""

    async def swap(self, folder: str, name: str, seen: bytes | None, content: bytes | None) -> bool:
        """Change the content from `seen` to `content` (None: not there), if it still is `seen`.

        False when somebody else was first; nothing is changed then.
        """


class FolderShelf:
    """Contents as files, one folder each, under `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def list(self, folder: str) -> dict[str, str]:
        """See Shelf."""
        place = self._folder(folder)
        return await _in_thread(lambda: dict(_versions(place)))

    async def read(self, folder: str, name: str) -> bytes | None:
        """See Shelf."""
        path = self._path(folder, name)
        return await _in_thread(lambda: _read(path))

    async def write(self, folder: str, name: str, content: bytes) -> None:
        """See Shelf."""
        path = self._path(folder, name)
        _check_content(content)
        await _in_thread(lambda: _write(path, content))

    async def remove(self, folder: str, name: str) -> None:
        """See Shelf."""
        path = self._path(folder, name)
        await _in_thread(lambda: _write(path, None))

    async def swap(self, folder: str, name: str, seen: bytes | None, content: bytes | None) -> bool:
        """See Shelf."""
        path = self._path(folder, name)
        _check_content(content or b"")
        return await _in_thread(lambda: _swap(path, seen, content))

    def _folder(self, folder: str) -> Path:
        return self._root / _checked(folder)

    def _path(self, folder: str, name: str) -> Path:
        return self._folder(folder) / _checked(name)


class Pool(Protocol):
    """What the shelf uses of a pool of PostgreSQL connections; raises ArchiveError."""

    async def fetch(self, query: str, *arguments: Any) -> Any:
        """All rows."""

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        """The first value of the first row."""

    async def execute(self, query: str, *arguments: Any) -> Any:
        """Run a statement."""


class PostgresShelf:
    """Contents as rows of the table `shelf`, shared by all processes of the city."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list(self, folder: str) -> dict[str, str]:
        """See Shelf."""
        rows = await self._pool.fetch(
            "SELECT name, version FROM shelf WHERE folder = $1", _checked(folder)
        )
        return {row["name"]: str(row["version"]) for row in rows}

    async def read(self, folder: str, name: str) -> bytes | None:
        """See Shelf."""
        content = await self._pool.fetchval(
            "SELECT content FROM shelf WHERE folder = $1 AND name = $2",
            _checked(folder),
            _checked(name),
        )
        return None if content is None else bytes(content)

    async def write(self, folder: str, name: str, content: bytes) -> None:
        """See Shelf."""
        _check_content(content)
        await self._pool.execute(
            "INSERT INTO shelf (folder, name, content) VALUES ($1, $2, $3)"
            " ON CONFLICT (folder, name) DO UPDATE SET content = excluded.content,"
            " version = nextval('shelf_version_seq')",
            _checked(folder),
            _checked(name),
            content,
        )

    async def remove(self, folder: str, name: str) -> None:
        """See Shelf."""
        await self._pool.execute(
            "DELETE FROM shelf WHERE folder = $1 AND name = $2",
            _checked(folder),
            _checked(name),
        )

    async def swap(self, folder: str, name: str, seen: bytes | None, content: bytes | None) -> bool:
        """See Shelf."""
        _check_content(content or b"")
        place = (_checked(folder), _checked(name))
        if seen is None and content is None:
            return await self.read(folder, name) is None
        if seen is None:
            changed = self._pool.fetchval(
                "INSERT INTO shelf (folder, name, content) VALUES ($1, $2, $3)"
                " ON CONFLICT (folder, name) DO NOTHING RETURNING 1",
                *place,
                content,
            )
        elif content is None:
            changed = self._pool.fetchval(
                "DELETE FROM shelf WHERE folder = $1 AND name = $2 AND content = $3 RETURNING 1",
                *place,
                seen,
            )
        else:
            changed = self._pool.fetchval(
                "UPDATE shelf SET content = $4, version = nextval('shelf_version_seq')"
                " WHERE folder = $1 AND name = $2 AND content = $3 RETURNING 1",
                *place,
                seen,
                content,
            )
        return await changed is not None


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"no name for a shelf: {name!r}")
    return name


def _check_content(content: bytes) -> None:
    if len(content) > MAXIMUM_CONTENT_BYTES:
        raise ValueError(f"too large for a shelf: {len(content)} bytes")


async def _in_thread(work: Callable[[], _Result]) -> _Result:
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        fault = (
            ArchiveFault.FULL
            if error.errno in {errno.ENOSPC, errno.EDQUOT}
            else ArchiveFault.BROKEN
        )
        raise ArchiveError(fault, error.strerror or "") from error


def _versions(folder: Path) -> Iterator[tuple[str, str]]:
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                version = f"{status.st_ino}.{status.st_mtime_ns}.{status.st_size}"
                yield entry.name, version


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(MAXIMUM_CONTENT_BYTES + 1)
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes | None) -> None:
    with _locked(path.parent):
        _put(path, content)


def _swap(path: Path, seen: bytes | None, content: bytes | None) -> bool:
    with _locked(path.parent):
        if _read(path) != seen:
            return False
        _put(path, content)
        return True


def _put(path: Path, content: bytes | None) -> None:
    if content is not None:
        write_whole(path, content, mode=PUBLIC_MODE)
        return
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other writers of this folder out, in this process and in others."""
    folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, PUBLIC_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
