"""Every disk that a power cut may leave of node.db and sync.db keeps what was promised.

A seeded share of the crash points is looked at here; `python -m tests.faults crash` looks at all of
them, some 42,000 images of one day (34,569 of node.db and 7,659 of sync.db).
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults import station_images, sync_images
from tests.faults.crash import (
    FEW_PAGES,
    FORGETFUL,
    NODE_STYLES,
    count,
    record_node,
    record_sync,
    scratch,
)
from tests.faults.images import PLAIN, Image
from tests.faults.recorder import Operation

SEED = 20261122
SHARE = 0.3


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with scratch() as name:
        live = Path(name) / "live"
        live.mkdir()
        yield live


@pytest.fixture(scope="module")
def node_operations(folder: Path) -> list[Operation]:
    return record_node(folder, SEED, 24, FEW_PAGES)


@pytest.mark.timeout(300)
def test_no_cut_loses_or_halves_anything_of_a_day(
    folder: Path,
    node_operations: list[Operation],
    record_property: Callable[[str, object], None],
) -> None:
    checker = station_images.Checker(folder.parent / "image")
    score = count(node_operations, checker.complaint, NODE_STYLES, SEED, SHARE)
    assert score.examples == []
    assert score.images > 1_000
    record_property("measured", f"crash images of node.db: {score.images}, bad 0")


@pytest.mark.timeout(300)
def test_no_cut_loses_a_receipt(
    folder: Path,
    node_operations: list[Operation],
    record_property: Callable[[str, object], None],
) -> None:
    operations = record_sync(folder, folder, SEED, FEW_PAGES)
    checker = sync_images.Checker(folder.parent / "image")
    score = count(operations, checker.complaint, NODE_STYLES, SEED, SHARE)
    assert score.examples == []
    assert score.images > 200
    record_property("measured", f"crash images of sync.db: {score.images}, bad 0")


def test_the_weaker_setting_is_seen_to_lose_what_was_acknowledged(folder: Path) -> None:
    """Negative control: the same day with synchronous=NORMAL."""
    forgetful = folder.parent / "forgetful"
    forgetful.mkdir()
    operations = record_node(forgetful, SEED, 6, {**FEW_PAGES, **FORGETFUL})
    checker = station_images.Checker(folder.parent / "image")
    score = count(operations, checker.complaint, PLAIN, SEED, SHARE)
    assert score.complaints["lost"] > 10


def test_a_weaker_setting_loses_receipts_too(
    folder: Path, node_operations: list[Operation]
) -> None:
    """Negative control for sync.db."""
    operations = record_sync(folder, folder.parent / "weak", SEED, {**FEW_PAGES, **FORGETFUL})
    checker = sync_images.Checker(folder.parent / "image")
    score = count(operations, checker.complaint, PLAIN, SEED, SHARE)
    assert score.complaints["lost"] > 10


def test_a_half_written_day_would_be_seen(folder: Path, node_operations: list[Operation]) -> None:
    """Negative control for the check itself: a disk where the log's tail was cut by hand."""
    checker = station_images.Checker(folder.parent / "image")
    whole = {"node.db": (folder / "node.db").read_bytes()}
    promises = tuple(op.data.decode() for op in node_operations if op.what == "said")
    assert checker.complaint(Image(whole, "whole", promises)) == ""
    broken = {"node.db": whole["node.db"][: len(whole["node.db"]) // 2]}
    assert checker.complaint(Image(broken, "half", promises)) != ""
