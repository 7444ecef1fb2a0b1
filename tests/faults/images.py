"""Which disks a power cut may leave behind, for a recorded life of a database.

A file holds what was written before its last sync for certain; of what came later any subset may
have arrived, each write torn at 512-byte sectors. Names in the directory arrive in order; the first
sync of a new journal or log syncs the directory, and so does a deletion that says so. A collateral
image also destroys one aligned block around a write under way, as a memory card may.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.faults.recorder import Operation

SECTOR_BYTES = 512
LOGS = ("-wal", "-journal")


class Image(NamedTuple):
    """A disk after a cut: file contents, how it was made, and what had been promised by then."""

    files: Mapping[str, bytes]
    made: str
    promises: tuple[str, ...]


@dataclass
class Disk:
    """What is certainly on the disk, and what is on its way there."""

    contents: dict[str, bytearray] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    pending: list[Operation] = field(default_factory=list)
    directory: list[Operation] = field(default_factory=list)
    synced_once: set[str] = field(default_factory=set)

    def do(self, operation: Operation) -> None:
        """Let one more operation happen."""
        if operation.what in {"create", "delete"}:
            self._name(operation)
        elif operation.what == "sync":
            self._sync(operation.name)
        elif operation.what in {"write", "truncate"}:
            self.pending.append(operation)

    def _name(self, operation: Operation) -> None:
        self.directory.append(operation)
        if operation.what == "create":
            self.contents[operation.name] = bytearray()
            self.synced_once.discard(operation.name)
        else:
            self.pending = [each for each in self.pending if each.name != operation.name]
            if operation.at:
                self._sync_directory()

    def _sync(self, name: str) -> None:
        for operation in self.pending:
            if operation.name == name:
                apply(self.contents[name], operation)
        self.pending = [each for each in self.pending if each.name != name]
        if name.endswith(LOGS) and name not in self.synced_once:
            self._sync_directory()
        self.synced_once.add(name)

    def _sync_directory(self) -> None:
        self.names = after(self.names, self.directory)
        self.directory.clear()


def apply(content: bytearray, operation: Operation) -> None:
    """Carry out a write or a truncation."""
    if operation.what == "truncate":
        del content[operation.at :]
        content.extend(bytes(operation.at - len(content)))
        return
    end = operation.at + len(operation.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[operation.at : end] = operation.data


def after(names: frozenset[str], directory: list[Operation]) -> frozenset[str]:
    """The names in the directory after these changes."""
    for operation in directory:
        names = names | {operation.name} if operation.what == "create" else names - {operation.name}
    return names


def tear(operation: Operation, luck: random.Random, content: bytearray) -> None:
    """Let parts of a write arrive: of each sector the new, something else, or what was there."""
    for start in range(0, len(operation.data), SECTOR_BYTES):
        chance = luck.random()
        if chance < 0.6:
            part = operation.data[start : start + SECTOR_BYTES]
        elif chance < 0.7:
            part = luck.randbytes(len(operation.data[start : start + SECTOR_BYTES]))
        else:
            continue
        apply(content, operation._replace(at=operation.at + start, data=part))


class Style(NamedTuple):
    """How much of what was under way arrives; `torn` of it in pieces."""

    name: str
    share: float
    torn: bool = False
    prefix: bool = False
    block_bytes: int = 0


NONE, ALL = Style("none", 0.0), Style("all", 1.0)
PLAIN = (
    NONE,
    ALL,
    Style("prefix", 0.5, prefix=True),
    Style("torn prefix", 0.5, torn=True, prefix=True),
    Style("half", 0.5),
    Style("torn half", 0.5, torn=True),
    Style("most", 0.8),
    Style("torn most", 0.8, torn=True),
)


def collateral(block_bytes: int) -> Style:
    """Everything arrives, and the block around one write is destroyed."""
    return Style(f"block of {block_bytes}", 1.0, block_bytes=block_bytes)


def crash(disk: Disk, style: Style, luck: random.Random) -> Mapping[str, bytes]:
    """One disk that the cut may leave."""
    contents = {name: bytearray(content) for name, content in disk.contents.items()}
    chosen = _chosen(disk.pending, style, luck)
    for operation in chosen:
        if style.torn and operation.what == "write":
            tear(operation, luck, contents[operation.name])
        else:
            apply(contents[operation.name], operation)
    if style.block_bytes and chosen:
        _destroy(contents, luck.choice(chosen), style.block_bytes, luck)
    arrived = len(disk.directory)
    if style is not ALL and not style.block_bytes:
        arrived = 0 if style is NONE else luck.randint(0, arrived)
    names = after(disk.names, disk.directory[:arrived])
    return {name: bytes(contents[name]) for name in sorted(names)}


def _chosen(pending: list[Operation], style: Style, luck: random.Random) -> list[Operation]:
    if style.prefix:
        return pending[: luck.randint(0, len(pending))]
    if style.share in {0.0, 1.0}:
        return pending if style.share else []
    return [operation for operation in pending if luck.random() < style.share]


def _destroy(
    contents: dict[str, bytearray], hit: Operation, block_bytes: int, luck: random.Random
) -> None:
    content = contents[hit.name]
    inside = hit.at + luck.randrange(max(1, len(hit.data)))
    start = inside // block_bytes * block_bytes
    end = min(start + block_bytes, len(content))
    if start < end:
        content[start:end] = luck.randbytes(end - start)


def images(
    operations: list[Operation], styles: tuple[Style, ...], luck: random.Random, every: float
) -> Iterator[Image]:
    """Images at every crash point (each write and each sync), or at a random share `every`."""
    disk = Disk()
    promises: list[str] = []
    for operation in operations:
        if operation.what == "said":
            promises.append(operation.data.decode())
            continue
        if operation.what == "sync" or luck.random() < every:
            yield from _cut(disk, operation, styles, luck, tuple(promises), every)
        disk.do(operation)


def _cut(
    disk: Disk,
    operation: Operation,
    styles: tuple[Style, ...],
    luck: random.Random,
    promises: tuple[str, ...],
    every: float,
) -> Iterator[Image]:
    """The cut comes while `operation` is under way: before a sync, in the middle of a write."""
    during = Disk(
        disk.contents, disk.names, [*disk.pending], [*disk.directory], {*disk.synced_once}
    )
    if operation.what in {"write", "truncate"}:
        during.pending.append(operation)
    for style in styles:
        if luck.random() >= every and style is not NONE:
            continue
        made = f"{style.name}, during {operation.what} of {operation.name} at {operation.at}"
        yield Image(crash(during, style, luck), made, promises)
