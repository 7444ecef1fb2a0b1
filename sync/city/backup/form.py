"""The files of a backup: the same form whatever the archive is made of.

A backup is a folder of numbered files that are never changed:

* `segment-NNNNNNNN.wes`: rows, each with its length before it;
* `manifest-NNNNNNNN.wes`: which segments make up the archive at one moment, with size and SHA-256
  of each, and what they hold: every log with its size, its root and how many of its leading records
  have their attachments in the folder too. Its last 32 bytes are the SHA-256 of those before.

Responsible for: bytes ↔ rows ↔ files, each file whole or not at all, and refusing a file that is
not what the manifest says. A manifest is the last file written: what it does not name was not
finished. It must not know databases, keys or HTTP.
"""

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from sync.certificates import DIRECTORY_MODE, PRIVATE_MODE, write_whole
from sync.city.archive.feed_store.dump import FeedEntry
from sync.lock import HeldError, hold
from sync.protocol.canonical import decode, encode
from sync.protocol.errors import ProtocolError

FORM: Final = 2
FORM_WITHOUT_ATTACHMENTS: Final = 1
"""Of an older program; it is read still."""
SEGMENT_BYTES: Final = 16 << 20
"""A segment is closed when it has so many; it is held in memory as a whole."""
MAXIMUM_FILE_BYTES: Final = 64 << 20
KEPT_MANIFESTS: Final = 30
"""Older ones go, and with them the segments that no kept one names."""

_DIGEST_BYTES: Final = 32
_LENGTH_BYTES: Final = 4
_LOCK: Final = ".lock"
_SEGMENT_NAME: Final = re.compile(r"segment-(\d{8})\.wes")
_MANIFEST_NAME: Final = re.compile(r"manifest-(\d{8})\.wes")
_MANIFEST_KEYS: Final = frozenset(
    {"form", "number", "city", "generation", "made_ms", "segments", "logs", "effects", "dossiers"}
    | {"attachments"}
)


class BackupFault(StrEnum):
    """Why a backup cannot be made or used; the values are stable."""

    MISSING = "no_backup"
    DAMAGED = "backup_damaged"
    FOREIGN = "backup_of_another_city"
    TOO_NEW = "backup_too_new"
    BUSY = "backup_under_way"
    NOT_EMPTY = "archive_not_empty"
    UNREADABLE = "backup_not_readable"
    """A batch in it cannot be opened with the city's keys, or its signature is wrong."""
    DIFFERENT = "restored_otherwise"
    """What came back is not what the manifest says."""


class BackupError(Exception):
    """`fault` says why; `detail` names the file or the log."""

    def __init__(self, fault: BackupFault, detail: str = "") -> None:
        super().__init__(f"{fault.value}: {detail}" if detail else fault.value)
        self.fault = fault


class BatchRow(NamedTuple):
    """A stored batch as it came; its own records are `start` … `end` - 1 of log `lid`."""

    lid: bytes
    start: int
    end: int
    received_ms: int
    raw: bytes


class ApartRow(NamedTuple):
    """An item of the quarantine."""

    node_id: bytes
    station: int
    lid: bytes
    first: int
    records: int
    reason: str
    received_ms: int
    released_ms: int | None
    raw: bytes


class ShelfRow(NamedTuple):
    """A content of the shelf."""

    folder: str
    name: str
    content: bytes


Row: TypeAlias = BatchRow | ApartRow | ShelfRow | FeedEntry
"""The entries of a feed are in the order of the feed."""

_KINDS: Final[dict[int, type[Row]]] = {1: BatchRow, 2: ApartRow, 3: ShelfRow, 4: FeedEntry}
_NUMBERS: Final = {kind: number for number, kind in _KINDS.items()}


class Segment(NamedTuple):
    """A file of rows. `state` marks one that the next backup writes anew as a whole."""

    name: str
    size_bytes: int
    digest: bytes
    rows: int
    state: bool


class LogMark(NamedTuple):
    """A log as far as the backup has it; of the first `whole` records with their attachments."""

    lid: bytes
    node_id: bytes
    station: int
    size: int
    root: bytes
    whole: int


class Range(NamedTuple):
    """A count that was read before and after: the truth lies between."""

    low: int
    high: int


class Manifest(NamedTuple):
    """What makes up the archive at one moment; milliseconds since 1970 UTC."""

    number: int
    city_id: bytes
    generation: bytes
    made_ms: int
    segments: tuple[Segment, ...]
    logs: tuple[LogMark, ...]
    effects: Range
    dossiers: Range
    attachments: int

    @property
    def records(self) -> int:
        """How many records the backup holds."""
        return sum(log.size for log in self.logs)

    @property
    def size_bytes(self) -> int:
        """What the segments take."""
        return sum(segment.size_bytes for segment in self.segments)


def encode_row(row: Row) -> bytes:
    """The row with its length before it."""
    body = encode([_NUMBERS[type(row)], *row])
    return len(body).to_bytes(_LENGTH_BYTES) + body


def decode_rows(data: bytes) -> Iterator[Row]:
    """The rows in a segment's bytes, which were checked. Raises BackupError."""
    position = 0
    try:
        while position < len(data):
            begin = position + _LENGTH_BYTES
            position = begin + int.from_bytes(data[position:begin])
            number, *values = _items(decode(data[begin:position]))
            yield _KINDS[number](*values)
    except (ProtocolError, KeyError, TypeError, ValueError):
        raise BackupError(BackupFault.DAMAGED, "a row") from None


def write_segment(folder: Path, number: int, pieces: Sequence[bytes], *, state: bool) -> Segment:
    """Write encoded rows as a file and read it back from the disk. Raises BackupError, OSError."""
    data = b"".join(pieces)
    name = f"segment-{number:08}.wes"
    write_whole(folder / name, data, mode=PRIVATE_MODE)
    segment = Segment(name, len(data), sha256(data).digest(), len(pieces), state)
    forget_cached(folder / name)
    read_segment(folder, segment)
    return segment


def read_segment(folder: Path, segment: Segment) -> bytes:
    """The bytes of a segment. Raises BackupError when they are not what the manifest says."""
    data = _read(folder / segment.name)
    if len(data) != segment.size_bytes or sha256(data).digest() != segment.digest:
        raise BackupError(BackupFault.DAMAGED, segment.name)
    return data


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and read it back from the disk. Raises BackupError, OSError."""
    path = folder / f"manifest-{manifest.number:08}.wes"
    body = encode(
        {
            "form": FORM,
            "number": manifest.number,
            "city": manifest.city_id,
            "generation": manifest.generation,
            "made_ms": manifest.made_ms,
            "segments": [list(segment) for segment in manifest.segments],
            "logs": [list(log) for log in manifest.logs],
            "effects": list(manifest.effects),
            "dossiers": list(manifest.dossiers),
            "attachments": manifest.attachments,
        }
    )
    write_whole(path, body + sha256(body).digest(), mode=PRIVATE_MODE)
    forget_cached(path)
    if read_manifest(path) != manifest:
        raise BackupError(BackupFault.DAMAGED, path.name)


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file. Raises BackupError."""
    data = _read(path)
    body = data[:-_DIGEST_BYTES]
    if sha256(body).digest() != data[-_DIGEST_BYTES:]:
        raise BackupError(BackupFault.DAMAGED, path.name)
    try:
        tree: Any = decode(body)
        if tree["form"] == FORM_WITHOUT_ATTACHMENTS:
            tree = tree | {"attachments": 0, "logs": [[*log, 0] for log in tree["logs"]]}
        elif tree["form"] != FORM:
            raise BackupError(BackupFault.TOO_NEW, path.name)
        if tree.keys() != _MANIFEST_KEYS:
            raise BackupError(BackupFault.DAMAGED, path.name)
        return Manifest(
            tree["number"],
            tree["city"],
            tree["generation"],
            tree["made_ms"],
            tuple(Segment(*segment) for segment in tree["segments"]),
            tuple(LogMark(*log) for log in tree["logs"]),
            Range(*tree["effects"]),
            Range(*tree["dossiers"]),
            tree["attachments"],
        )
    except (ProtocolError, KeyError, TypeError):
        raise BackupError(BackupFault.DAMAGED, path.name) from None


def find_manifest(folder: Path, number: int | None = None) -> Manifest | None:
    """The newest manifest, or the one of this number; None when there is none.

    Raises BackupError when it is damaged.
    """
    numbers = _numbers(folder, _MANIFEST_NAME)
    wanted = max(numbers, default=0) if number is None else number
    return read_manifest(folder / f"manifest-{wanted:08}.wes") if wanted in numbers else None


def next_number(folder: Path) -> int:
    """A number that no file has had, for the next segment and the next manifest."""
    numbers = [*_numbers(folder, _MANIFEST_NAME), *_numbers(folder, _SEGMENT_NAME)]
    return max(numbers, default=0) + 1


def is_whole(folder: Path, manifest: Manifest) -> bool:
    """Whether every segment is there with its size; the bytes are for a drill to read."""
    for segment in manifest.segments:
        try:
            if (folder / segment.name).stat().st_size != segment.size_bytes:
                return False
        except OSError:
            return False
    return True


def prune(folder: Path) -> None:
    """Take old manifests away, and segments that none names; nothing while one is damaged."""
    numbers = sorted(_numbers(folder, _MANIFEST_NAME))
    try:
        kept = [find_manifest(folder, number) for number in numbers[-KEPT_MANIFESTS:]]
    except BackupError:
        return
    for number in numbers[:-KEPT_MANIFESTS]:
        (folder / f"manifest-{number:08}.wes").unlink()
    named = {segment.name for one in kept if one for segment in one.segments}
    for number in _numbers(folder, _SEGMENT_NAME):
        name = f"segment-{number:08}.wes"
        if name not in named:
            (folder / name).unlink()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other backups into this folder out. Raises BackupError when one is under way."""
    folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(folder / _LOCK))
        except HeldError:
            raise BackupError(BackupFault.BUSY, str(folder)) from None
        yield


def _numbers(folder: Path, pattern: re.Pattern[str]) -> list[int]:
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    return [int(match[1]) for name in names if (match := pattern.fullmatch(name))]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_FILE_BYTES + 1)
    except OSError:
        raise BackupError(BackupFault.DAMAGED, path.name) from None
    if len(data) > MAXIMUM_FILE_BYTES:
        raise BackupError(BackupFault.DAMAGED, path.name)
    return data


def forget_cached(path: Path) -> None:
    """Let the next reader ask the disk, not the memory that has just written it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value
