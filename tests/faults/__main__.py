"""`python -m tests.faults crash [--days N]`: every crash image, counted."""

import argparse
import time
from pathlib import Path

from tests.faults import station_images, sync_images
from tests.faults.crash import (
    FEW_PAGES,
    FORGETFUL,
    LARGE_BLOCK_BYTES,
    NODE_STYLES,
    Score,
    count,
    record_node,
    record_sync,
    scratch,
)
from tests.faults.images import PLAIN, collateral

DOSSIERS = 40


def show(name: str, score: Score, begun: float) -> None:
    elapsed_s = time.perf_counter() - begun
    images = f"{score.images:7} images ({score.distinct:6} different)"
    print(f"{name:34} {images}, {score.bad:5} bad  {elapsed_s:6.1f} s", flush=True)
    for example in score.examples[:2]:
        print(f"    {example}")


def crash(days: int) -> int:
    bad = 0
    with scratch() as name:
        root = Path(name)
        node, sync = (
            station_images.Checker(root / "image").complaint,
            sync_images.Checker(root / "image").complaint,
        )
        for seed in range(days):
            live = root / f"live{seed}"
            live.mkdir()
            # Every other day runs with the product's own rare checkpoints.
            settings = FEW_PAGES if seed % 2 == 0 else {}
            operations = record_node(live, seed, DOSSIERS, settings)
            begun = time.perf_counter()
            score = count(operations, node, NODE_STYLES, seed)
            show(f"node.db, day {seed}", score, begun)
            bad += score.bad
            begun = time.perf_counter()
            score = count(record_sync(live, live, seed, settings), sync, NODE_STYLES, seed)
            show(f"sync.db, day {seed}", score, begun)
            bad += score.bad
        _beyond(root, node)
    return 1 if bad else 0


def _beyond(root: Path, node: station_images.Check) -> None:
    """What the settings do not promise, and what weaker ones lose: shown, not judged."""
    live = root / "beyond"
    live.mkdir()
    operations = record_node(live, 99, DOSSIERS, FEW_PAGES)
    begun = time.perf_counter()
    large = (collateral(LARGE_BLOCK_BYTES),)
    show("node.db, 16 KiB blocks destroyed", count(operations, node, large, 99), begun)
    weak = root / "weak"
    weak.mkdir()
    operations = record_node(weak, 99, DOSSIERS, {**FEW_PAGES, **FORGETFUL})
    begun = time.perf_counter()
    show("node.db with synchronous=NORMAL", count(operations, node, PLAIN, 99, 0.3), begun)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("what", choices=["crash"])
    parser.add_argument("--days", type=int, default=1)
    arguments = parser.parse_args()
    return crash(arguments.days)


if __name__ == "__main__":
    raise SystemExit(main())
