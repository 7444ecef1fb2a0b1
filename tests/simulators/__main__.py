"""`python -m tests.simulators [--schedules N | --seed N]`: many schedules, or one to look at."""

import argparse
import contextlib
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.simulators.deeds import simulate
from tests.simulators.oracle import complaints

SCHEDULES = 10_000
SHARE = 50
WORLDS_KEPT = 8


class Lived(NamedTuple):
    """What became of some schedules."""

    complaints: dict[int, list[str]]
    counts: Counter[str]
    promised: int
    excused: int
    cpu_s: float


def live(first: int, count: int) -> Lived:
    """The schedules of `count` seeds."""
    found: dict[int, list[str]] = {}
    counts: Counter[str] = Counter()
    promised = excused = 0
    began_s = time.process_time()
    with _collecting_seldom() as collect:
        for seed in range(first, first + count):
            world = simulate(seed)
            wrong = complaints(world)
            if wrong:
                found[seed] = wrong
            counts.update(world.counts)
            promised += len(world.promised)
            excused += len(world.excused & world.promised)
            if seed % WORLDS_KEPT == 0:
                collect()
    return Lived(found, counts, promised, excused, time.process_time() - began_s)


@contextlib.contextmanager
def _collecting_seldom() -> Iterator[Callable[[], object]]:
    """A world is full of cycles: looked for once in many worlds, and never among the modules."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield gc.collect
    finally:
        gc.enable()
        gc.unfreeze()


def replay(seed: int) -> int:
    world = simulate(seed, print)
    wrong = complaints(world)
    print(f"{world.profile}\n{len(world.promised)} promised, {len(world.excused)} excused")
    for complaint in wrong:
        print(f"WRONG {complaint}")
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulators", description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--schedules", type=int, default=SCHEDULES)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.seed is not None:
        return replay(arguments.seed)
    begun, done = time.perf_counter(), 0
    firsts = range(arguments.first, arguments.first + arguments.schedules, SHARE)
    sizes = [min(SHARE, arguments.first + arguments.schedules - first) for first in firsts]
    lived: list[Lived] = []
    with ProcessPoolExecutor(arguments.processes) as pool:
        for size, part in zip(sizes, pool.map(live, firsts, sizes), strict=True):
            lived.append(part)
            done += size
            progress(done, arguments.schedules, time.perf_counter() - begun)
    return show(lived, arguments.schedules, time.perf_counter() - begun)


def progress(done: int, schedules: int, elapsed_s: float) -> None:
    """A line that is written over, where somebody looks."""
    if sys.stderr.isatty():
        bar = "█" * (40 * done // schedules)
        left_s = elapsed_s / done * (schedules - done)
        sys.stderr.write(f"\r{bar:40} {done:6} of {schedules}, {left_s:4.0f} s left ")
        sys.stderr.write("\n" if done == schedules else "")
        sys.stderr.flush()


def show(lived: list[Lived], schedules: int, elapsed_s: float) -> int:
    counts: Counter[str] = Counter()
    wrong: dict[int, list[str]] = {}
    for part in lived:
        counts += part.counts
        wrong |= part.complaints
    print(", ".join(f"{name} {count}" for name, count in counts.most_common()))
    for seed, found in sorted(wrong.items())[:20]:
        print(f"seed {seed}: {found[0]}")
    promised = sum(part.promised for part in lived)
    excused = sum(part.excused for part in lived)
    cpu_ms = sum(part.cpu_s for part in lived) * 1000 / schedules
    print(f"{schedules} schedules in {elapsed_s:.0f} s, {promised} promised, {excused} excused")
    print(f"{cpu_ms:.0f} ms of CPU time for a schedule")
    print(f"{len(wrong)} schedules with a violation: lost, doubled, forged or not converged")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
