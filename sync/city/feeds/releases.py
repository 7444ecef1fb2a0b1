"""Catalogue releases: from a folder of files to one object that every station fetches.

Responsible for: reading the folder, holding it against its own `release.json`, and packing it. An
object is zstd of the canonical CBOR map of file names and contents. Rules: only regular files named
in the release, within the limits; what a station could not unpack is never packed. It must not know
what the files mean.
"""

import stat
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec

from sync.city.feeds.announcements import AnnouncementError, CatalogueReleased, Digest, Word
from sync.protocol.canonical import Value, encode
from sync.protocol.compression import compress
from sync.protocol.feed import FeedKind
from sync.protocol.limits import MAXIMUM_OBJECT_BYTES
from sync.protocol.record import Record

RELEASE_FILE: Final = "release.json"
MAXIMUM_FILES: Final = 64
MAXIMUM_UNPACKED_BYTES: Final = 7 << 20
"""All files of a release together: what a small station unpacks in memory."""

_FILE_NAME: Final = r"^[a-z0-9][a-z0-9_.-]{0,63}$"


class _Release(msgspec.Struct, frozen=True):
    """`release.json`: the digest of every other file, by name."""

    version: Word
    valid_from: date
    files: Annotated[
        dict[Annotated[str, msgspec.Meta(pattern=_FILE_NAME)], Digest],
        msgspec.Meta(min_length=1, max_length=MAXIMUM_FILES - 1),
    ]


class PackedRelease(NamedTuple):
    """What is announced, and the object that it names."""

    announcement: CatalogueReleased
    content: bytes


def pack_release(folder: Path) -> PackedRelease:
    """The release in `folder`. Raises AnnouncementError that names the file and the field."""
    said = _read(folder, RELEASE_FILE)
    try:
        release = msgspec.json.decode(said, type=_Release)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AnnouncementError(f"{RELEASE_FILE}: {' '.join(str(error).split())}") from None
    contents = {RELEASE_FILE: said, **{name: _read(folder, name) for name in release.files}}
    for name, digest in release.files.items():
        if sha256(contents[name]).hexdigest() != digest:
            raise AnnouncementError(f"{name}: not the file that {RELEASE_FILE} names")
    content = _pack(contents)
    return PackedRelease(
        CatalogueReleased(
            version=release.version,
            valid_from=release.valid_from,
            sha256=sha256(content).hexdigest(),
            bytes=len(content),
        ),
        content,
    )


def current_releases(entries: Sequence[Record], today: date) -> list[Record]:
    """Of these catalogue entries, in order: the one in force on `today`, and all later ones."""
    dated = [
        (_valid_from(entry), entry) for entry in entries if entry.kind == FeedKind.CATALOGUE_RELEASE
    ]
    in_force = max((day for day, _ in dated if day <= today), default=date.min)
    return [entry for day, entry in dated if day >= in_force]


def _valid_from(entry: Record) -> date:
    return msgspec.json.decode(entry.body, type=CatalogueReleased).valid_from


def _pack(contents: Mapping[str, bytes]) -> bytes:
    if sum(map(len, contents.values())) > MAXIMUM_UNPACKED_BYTES:
        raise AnnouncementError(f"more than {MAXIMUM_UNPACKED_BYTES} bytes in all")
    items: dict[int | str, Value] = {name: content for name, content in contents.items()}  # noqa: C416 - widens the key
    content = compress(encode(items), b"")
    if len(content) > MAXIMUM_OBJECT_BYTES:
        raise AnnouncementError(f"more than {MAXIMUM_OBJECT_BYTES} bytes when packed")
    return content


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(path.lstat().st_mode):
                raise AnnouncementError(f"{name}: not a regular file")
            return file.read(MAXIMUM_UNPACKED_BYTES + 1)
    except OSError as error:
        raise AnnouncementError(f"{name}: {error.strerror}") from None
