"""Counts crash images and what is wrong with them; `python -m tests.faults` runs all of them."""

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from tests.faults import station_images, sync_images
from tests.faults.images import PLAIN, Image, Style, collateral, images
from tests.faults.recorder import Operation

FEW_PAGES: Mapping[str, str | int] = {"wal_autocheckpoint": 40}
"""A short day sees as many checkpoints as a long one."""
FORGETFUL: Mapping[str, str | int] = {"synchronous": 1}
"""The negative control: SQLite's NORMAL, which forgets what it said was saved."""
CARD_BLOCK_BYTES = 4096
LARGE_BLOCK_BYTES = 16384

NODE_STYLES = (*PLAIN, collateral(CARD_BLOCK_BYTES))


@dataclass
class Score:
    """How many images were looked at, and the complaints by their first words."""

    images: int = 0
    distinct: int = 0
    points: set[str] = field(default_factory=set)
    complaints: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def bad(self) -> int:
        return sum(self.complaints.values())

    def add(self, image: Image, complaint: str) -> None:
        self.images += 1
        if complaint:
            self.complaints[complaint.split(":", maxsplit=1)[0]] += 1
            self.examples.append(f"{image.made}: {complaint}")


def record_node(
    folder: Path, seed: int, dossiers: int, overrides: Mapping[str, str | int]
) -> list[Operation]:
    """What reached the file system in a station's day."""

    async def live() -> list[Operation]:
        async with station_images.recorded_station(folder, seed, overrides) as (station, recording):
            await station_images.live_a_day(station, recording, dossiers)
        return recording.operations

    return asyncio.run(live())


def record_sync(
    day: Path, folder: Path, seed: int, overrides: Mapping[str, str | int]
) -> list[Operation]:
    """What reached the file system in `folder` when the receipts of the day in `day` came."""
    batches = sync_images.batches_of(day / "node.db", random.Random(seed))  # noqa: S311
    folder.mkdir(exist_ok=True)
    return asyncio.run(sync_images.live_a_day(folder, batches, overrides)).operations


def count(
    operations: list[Operation],
    complaint: Callable[[Image], str],
    styles: tuple[Style, ...],
    seed: int,
    every: float = 1.0,
) -> Score:
    """Look at the images of one life; `every` is the share of crash points and styles taken.

    Cuts often leave the same disk, after the same promises: such a one is looked at once.
    """
    score = Score()
    verdicts: dict[bytes, str] = {}
    luck = random.Random(seed)  # noqa: S311 - replayable, not secret
    for image in images(operations, styles, luck, every):
        mark = _mark(image)
        if mark not in verdicts:
            verdicts[mark] = complaint(image)
        score.add(image, verdicts[mark])
    score.distinct = len(verdicts)
    return score


def _mark(image: Image) -> bytes:
    """Equal for the same files and promises, and for nothing else."""
    told = blake2b("\n".join(image.promises).encode(), digest_size=32)
    for name, content in image.files.items():
        told.update(blake2b(f"{name}\n".encode() + content).digest())
    return told.digest()


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder in memory where there is one: images are many and short-lived."""
    memory = Path("/dev/shm")  # noqa: S108 - a RAM disk, the folder in it is private
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
