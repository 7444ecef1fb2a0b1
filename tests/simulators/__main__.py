"""`python -m tests.simulators [--schedules N | --seed N]`: many schedules, or one to look at."""

import argparse
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.simulators.deeds import simulate
from tests.simulators.oracle import complaints

SCHEDULES = 10_000
SHARE = 100


class Lived(NamedTuple):
    """What became of some schedules."""

    complaints: dict[int, list[str]]
    counts: Counter[str]
    promised: int
    excused: int


def live(first: int, count: int) -> Lived:
    """The schedules of `count` seeds."""
    found: dict[int, list[str]] = {}
    counts: Counter[str] = Counter()
    promised = excused = 0
    for seed in range(first, first + count):
        world = simulate(seed)
        wrong = complaints(world)
        if wrong:
            found[seed] = wrong
        counts.update(world.counts)
        promised += len(world.promised)
        excused += len(world.excused & world.promised)
    return Lived(found, counts, promised, excused)


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
    begun = time.perf_counter()
    firsts = range(arguments.first, arguments.first + arguments.schedules, SHARE)
    sizes = [min(SHARE, arguments.first + arguments.schedules - first) for first in firsts]
    with ProcessPoolExecutor(arguments.processes) as pool:
        lived = list(pool.map(live, firsts, sizes))
    return show(lived, arguments.schedules, time.perf_counter() - begun)


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
    print(f"{schedules} schedules in {elapsed_s:.0f} s, {promised} promised, {excused} excused")
    print(f"{len(wrong)} schedules with a violation")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
