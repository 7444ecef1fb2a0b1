"""Whether more records cost more each: a longer backlog, and a city that holds a million."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.bench import herd
from tests.bench.figures import Moved, Report
from tests.bench.herd_stations import Herd
from tests.bench.line import CLEAN, line
from tests.bench.road import road, whole_dossiers

TIMES = 10
MEMORY_MIB = 90.0
FILL_STATIONS = 10
PROBE_STATIONS = 20


class Plan(NamedTuple):
    """In how many herds the city is filled, and how often it is probed before and after."""

    fills: int
    probes: int


PLAN = Plan(fills=10, probes=3)


def measure(report: Report, count: int) -> None:
    """Ten times the backlog, each in processes of its own."""
    small, large = _run(count), _run(count * TIMES)
    columns = ["backlog", "records/s", "CPU µs near + far", "peak MiB near / far"]
    rows = []
    for one in (small, large):
        near, far = one.cpu_us
        peaks = f"{one.cost.near_peak_mib:.0f} / {one.cost.far_peak_mib:.0f}"
        rows.append([f"{one.records:,}", f"{one.rate:,.0f}", f"{near:.0f} + {far:.0f}", peaks])
    report.table("A longer backlog", columns, rows)
    its = (f"{small.records:,} records", small.rate)
    report.at_least(f"rate with {large.records:,} records", large.rate, its, 0.9)
    report.bound("RSS of the station's end, MiB", large.cost.near_peak_mib, MEMORY_MIB)
    report.bound("RSS of the city's end, MiB", large.cost.far_peak_mib, MEMORY_MIB)


def _run(count: int) -> Moved:
    async def run(folder: Path) -> Moved:
        with line(CLEAN) as opened:
            async with road(folder, opened) as made:
                return await made.move(whole_dossiers(count))

    with TemporaryDirectory(prefix="bench-growth-") as name:
        return asyncio.run(run(Path(name)))


def measure_stored(report: Report, stored: int, probe: int, plan: Plan = PLAN) -> None:
    """The same small herds before and after the city was filled."""
    with TemporaryDirectory(prefix="bench-stored-") as name:
        before, after = asyncio.run(_probe(Path(name), stored, probe, plan))
    columns = ["the city holds", "records/s to ack", "CPU µs/record, opened too", "peak MiB"]
    rows = [
        [held, f"{one.rate:,.0f}", f"{_each(one):.1f}", f"{one.peak_mib:.0f}"]
        for held, one in (("nothing", before), (f"{stored:,} records", after))
    ]
    report.table("A city that is full", columns, rows)
    report.at_most("CPU/record, full city", _each(after), ("empty", _each(before)), 1.1)
    report.at_least("records/s, full city", after.rate, ("empty", before.rate), 0.9)


async def _probe(
    folder: Path, stored: int, probe: int, plan: Plan
) -> tuple[herd.Drained, herd.Drained]:
    async with herd.city(folder) as city:
        first = 0
        drained = []
        for fill in (0, stored):
            if fill:
                each = max(1, fill // (FILL_STATIONS * plan.fills))
                for _ in range(plan.fills):
                    await city.drain(Herd(FILL_STATIONS, each, first))
                    first += FILL_STATIONS
            for _ in range(plan.probes):
                each = max(1, probe // PROBE_STATIONS)
                drained.append(await city.drain(Herd(PROBE_STATIONS, each, first)))
                first += PROBE_STATIONS
        return _middle(drained[: plan.probes]), _middle(drained[plan.probes :])


def _middle(some: list[herd.Drained]) -> herd.Drained:
    return sorted(some, key=_each)[len(some) // 2]


def _each(one: herd.Drained) -> float:
    """Processor µs for a record until it is opened and entered."""
    return one.settled_cpu_s / one.said.records * 1e6
