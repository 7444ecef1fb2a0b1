"""A stick as a folder that may be full, gone, lying or hostile.

Responsible for bytes on the medium. Rules: only regular files of our own names and sizes are
opened, never through a link; a file is complete or absent (temporary name, flush, rename, flush of
the folder); what was written is read back from the medium and compared, because cheap sticks say
"written" and keep something else. It must not know what the bytes mean: whoever reads them checks
signatures.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from sync.stick.layout import MAXIMUM_BYTES, ORDER, ROOT, Direction, Form, Place, form_of

MAXIMUM_FILES: Final = 50_000
"""Files of one folder that are looked at; the rest waits for another run."""

MAXIMUM_STATIONS: Final = 1_000
"""Station folders of one direction that are looked at."""

RESERVE_BYTES: Final = 8 << 20
"""Left free on the stick, so that its file system keeps working."""

_TEMPORARY: Final = ".part"
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_READ_STEP_BYTES: Final = 1 << 20


class StickFault(StrEnum):
    """What is wrong with a stick; the values are stable."""

    MISSING = "stick_missing"
    FULL = "stick_full"
    READ_ONLY = "stick_read_only"
    GONE = "stick_gone"
    LIES = "stick_lies"
    STRANGE = "stick_strange"


class StickError(Exception):
    """The stick cannot be used any further; what is whole on it stays."""

    def __init__(self, fault: StickFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault


class Found(NamedTuple):
    """A file that may be read: where it lies, what it may hold, how long it is."""

    place: Place
    form: Form
    size_bytes: int


_FAULTS: Final = {
    errno.ENOSPC: StickFault.FULL,
    errno.EDQUOT: StickFault.FULL,
    errno.EROFS: StickFault.READ_ONLY,
    errno.EACCES: StickFault.READ_ONLY,
    errno.EPERM: StickFault.READ_ONLY,
    errno.ELOOP: StickFault.STRANGE,
    errno.ENOTDIR: StickFault.STRANGE,
    errno.ENOENT: StickFault.GONE,
    errno.ENODEV: StickFault.GONE,
    errno.ENXIO: StickFault.GONE,
    errno.EIO: StickFault.GONE,
}


class Medium:
    """A mounted stick, or any folder that takes its place."""

    def __init__(self, mounted: Path, reserve_bytes: int = RESERVE_BYTES) -> None:
        """Raises StickError `stick_missing` when there is no such folder."""
        if not mounted.is_dir():
            raise StickError(StickFault.MISSING, str(mounted))
        self._mounted = mounted
        self._reserve_bytes = reserve_bytes

    def room_bytes(self) -> int:
        """Bytes that may still be written."""
        with _said():
            state = os.statvfs(self._mounted)
        return max(0, state.f_bavail * state.f_frsize - self._reserve_bytes)

    def stations(self, direction: Direction) -> list[str]:
        """Station folders of a direction, by name; none on a stick that has never been used."""
        try:
            with self._folder(direction, None, create=False) as folder:
                names = [entry.name for entry in os.scandir(folder) if _is_folder(entry)]
        except StickError as error:
            if error.fault is StickFault.GONE:
                return []
            raise
        return sorted(name for name in names if _is_station(name))[:MAXIMUM_STATIONS]

    def files(self, direction: Direction, station: str) -> list[Found]:
        """The files that may be read, in the order they should be."""
        try:
            with self._folder(direction, station, create=False) as folder:
                found = [
                    one
                    for entry in os.scandir(folder)
                    if (one := _readable(entry, direction, station)) is not None
                ]
        except StickError as error:
            if error.fault is StickFault.GONE:
                return []
            raise
        found.sort(key=lambda one: (ORDER.index(one.form), one.place.name))
        return found[:MAXIMUM_FILES]

    def read(self, place: Place) -> bytes:
        """The bytes of a file. Raises StickError, also for anything but a regular file."""
        form = form_of(place.name)
        if form is None:
            raise StickError(StickFault.STRANGE, place.name)
        with self._folder(place.direction, place.station, create=False) as folder, _said():
            return _read(folder, place.name, MAXIMUM_BYTES[form])

    def write(self, place: Place, data: bytes) -> None:
        """Put a file in place and prove that the medium holds it. Raises StickError."""
        assert form_of(place.name) is not None, "a name of the layout"
        if len(data) > self.room_bytes():
            raise StickError(StickFault.FULL, place.name)
        with self._folder(place.direction, place.station, create=True) as folder, _said():
            temporary = place.name + _TEMPORARY
            _write(folder, temporary, data)
            held = _read(folder, temporary, len(data))
            if hashlib.sha256(held).digest() != hashlib.sha256(data).digest():
                os.unlink(temporary, dir_fd=folder)
                raise StickError(StickFault.LIES, place.name)
            os.rename(temporary, place.name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)

    def remove(self, place: Place) -> None:
        """Take a file away; one that is not there is no fault."""
        with self._folder(place.direction, place.station, create=False) as folder, _said():
            try:
                os.unlink(place.name, dir_fd=folder)
            except FileNotFoundError:
                return

    @contextmanager
    def _folder(self, direction: Direction, station: str | None, *, create: bool) -> Iterator[int]:
        """The folder, opened step by step so that no link leads anywhere else."""
        steps = [ROOT, direction.value, *([station] if station is not None else [])]
        with _said():
            current = os.open(self._mounted, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for step in steps:
                with _said():
                    current = _step(current, step, create=create)
            yield current
        finally:
            os.close(current)


def _step(parent: int, name: str, *, create: bool) -> int:
    """Open a folder below `parent` and close `parent`, which stays open when this fails."""
    if create:
        _make_folder(parent, name)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    child = os.open(name, flags, dir_fd=parent)
    os.close(parent)
    return child


def _make_folder(parent: int, name: str) -> None:
    try:
        os.mkdir(name, _FOLDER_MODE, dir_fd=parent)
    except FileExistsError:
        return
    os.fsync(parent)


def _write(folder: int, name: str, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, _FILE_MODE, dir_fd=folder)
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written : written + _READ_STEP_BYTES])
        os.fsync(descriptor)
        # What is read back must come from the medium, not from memory.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _read(folder: int, name: str, maximum_bytes: int) -> bytes:
    # Not blocking: a named pipe would keep the reader waiting for ever.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=folder)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_size > maximum_bytes:
            raise StickError(StickFault.STRANGE, name)
        parts = []
        left = maximum_bytes + 1
        while left and (part := os.read(descriptor, min(left, _READ_STEP_BYTES))):
            parts.append(part)
            left -= len(part)
    finally:
        os.close(descriptor)
    data = b"".join(parts)
    if len(data) > maximum_bytes:
        raise StickError(StickFault.STRANGE, name)
    return data


def _readable(entry: os.DirEntry[str], direction: Direction, station: str) -> Found | None:
    form = form_of(entry.name)
    if form is None or not entry.is_file(follow_symlinks=False):
        return None
    size = entry.stat(follow_symlinks=False).st_size
    if not 0 < size <= MAXIMUM_BYTES[form]:
        return None
    return Found(Place(direction, station, entry.name), form, size)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _is_station(name: str) -> bool:
    return len(name) == 16 and all(letter in "0123456789abcdef" for letter in name)


@contextmanager
def _said() -> Iterator[None]:
    """Name the faults a person can act on."""
    try:
        yield
    except OSError as error:
        fault = _FAULTS.get(error.errno or 0, StickFault.GONE)
        raise StickError(fault, os.strerror(error.errno or 0)) from None
