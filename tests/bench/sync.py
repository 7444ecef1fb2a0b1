"""A backlog from a station to the city: ours, the floors and the naive ways, on one line.

Every side moves the same dossiers over TLS and has them durable at the centre before it is
answered; a peer that answers sooner is said to. The slow ways move fewer of them: rates are
compared, not times. Rounds take turns; the one with the median rate counts.
"""

import asyncio
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from statistics import median_low
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from tests.bench import dossiers, servers
from tests.bench.figures import Moved, Report
from tests.bench.line import BAD, CLEAN, Line, Quality, line
from tests.bench.peer_road import certify, emptied
from tests.bench.peer_station import FORM_OF
from tests.bench.peers_elsewhere import PEERS, Run, why_not
from tests.bench.road import days, road, whole_dossiers

OURS: Final = "ours, everything on"
FLOOR: Final = "floor: zstd-3, batch 200"
SHARED: Final = "floor with dictionary, level 9"
ONE: Final = "naive: one POST a record"
FIFTY: Final = "naive: 50 at once"
LIST: Final = "naive: JSON list, gzip"
MODES: Final = {
    FLOOR: "floor",
    SHARED: "floor-dictionary",
    ONE: "one",
    FIFTY: "fifty",
    LIST: "list",
}
CLEAN_SHARE: Final = {ONE: 0.1, FIFTY: 0.3, LIST: 0.5, "PouchDB": 0.3}
BAD_SHARE: Final = {
    ONE: 0.02,
    FIFTY: 0.05,
    LIST: 0.1,
    "Morango": 0.1,
    "PouchDB": 0.05,
    "NATS publish": 0.05,
    "Mosquitto bridge": 0.05,
}
"""The part of the dossiers that a side moves; 1 where nothing is said. Morango is slow too, but
waits between its stages: a short backlog would count those pauses."""

ELSEWHERE: Final = {
    "Morango": (70.0, 0.7),
    "CouchDB": (9.0, 1 / 8),
    "PouchDB": (9.0, 1 / 8),
    "NATS publish": (1.3, 1 / 8),
    "Mosquitto bridge": (1.3, 1 / 8),
}
"""Peers that need programs of their own: goals for our rate and our bytes beside theirs."""

WAYS: Final = (OURS, *MODES)
WITH_PEERS: Final = (*WAYS, *ELSEWHERE)


class Task(NamedTuple):
    """What is asked: how many dossiers, in how many rounds, over which line."""

    quality: Quality
    dossiers: int
    rounds: int
    shares: dict[str, float]
    ways: Collection[str] = WAYS


def measure(report: Report, count: int, rounds: int, ways: Collection[str] = WAYS) -> None:
    """The clean line."""
    found = _all(report, Task(CLEAN, count, rounds, CLEAN_SHARE, ways))
    _print(report, CLEAN, found)
    ours = found.get(OURS)
    if ours is None:
        return
    for other, limit in ((SHARED, 0.8), (ONE, 30.0)):
        if other in found:
            report.at_least(
                f"clean, records/s ÷ {other}", ours.rate, (other, found[other].rate), limit
            )
    if SHARED in found:
        other_bytes = (SHARED, found[SHARED].bytes_each)
        report.at_most("bytes/record up", ours.bytes_each, other_bytes, 1.15)
    if FLOOR in found:
        mine, its = sum(ours.cpu_us), (FLOOR, sum(found[FLOOR].cpu_us))
        report.at_most("CPU µs/record, both ends", mine, its, 1.6)
    for name, (faster, smaller) in ELSEWHERE.items():
        if name in found:
            report.at_least(
                f"clean, records/s ÷ {name}", ours.rate, (name, found[name].rate), faster
            )
            its = (name, found[name].bytes_each)
            report.at_most(f"bytes/record up ÷ {name}", ours.bytes_each, its, smaller)
    _events(report, count)


def measure_bad(report: Report, count: int, rounds: int, ways: Collection[str] = WAYS) -> None:
    """The bad line."""
    found = _all(report, Task(BAD, count, rounds, BAD_SHARE, ways))
    _print(report, BAD, found)
    ours = found.get(OURS)
    if ours is None:
        return
    for other, figures in found.items():
        if other in {SHARED, FLOOR}:
            report.at_least(f"bad line ÷ {other}", ours.rate, (other, figures.rate), 0.9)
        elif other not in {OURS, LIST}:
            report.at_least(f"bad line ÷ {other}", ours.rate, (other, figures.rate), 5.0)


def _all(report: Report, task: Task) -> dict[str, Moved]:
    runs: dict[str, Run] = {OURS: _ours}
    runs.update({name: _peer(mode) for name, mode in MODES.items()})
    runs.update(_peers_elsewhere(report, task.ways))
    found: dict[str, list[Moved]] = {}
    with TemporaryDirectory(prefix="bench-lines-") as text:
        lines = dossiers.write_lines(Path(text) / "dossiers.jsonl", task.dossiers)
        for number in range(task.rounds):
            for name in [name for name in runs if name in task.ways]:
                count = max(20, int(task.dossiers * task.shares.get(name, 1.0)))
                with report.part(f"{task.quality.name}, {name}"):
                    figures = _once(runs[name], task.quality, count, lines, seed=number + 1)
                    found.setdefault(name, []).append(figures)
    return {name: middle(some) for name, some in found.items()}


def _peers_elsewhere(report: Report, ways: Collection[str]) -> dict[str, Run]:
    if ELSEWHERE.keys().isdisjoint(ways):
        report.say(f"{', '.join(ELSEWHERE)}: not measured, see --peers.")
    found: dict[str, Run] = {}
    for name in [name for name in ELSEWHERE if name in ways]:
        peer = PEERS[name]
        reason = why_not(peer)
        if reason or peer.drive is None:
            report.say(f"{name}: not measured, {reason}")
            continue
        found[name] = peer.drive
        if peer.is_early():
            report.say(f"{name}: acknowledges before a disk has the record")
    return found


def _once(run: Run, quality: Quality, count: int, lines: Path, seed: int) -> Moved:
    with TemporaryDirectory(prefix="bench-") as folder, line(quality, seed) as opened:
        return run(opened, Path(folder), min(count, _lines_in(lines)), lines)


def _lines_in(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def middle(some: list[Moved]) -> Moved:
    """The run with the median rate."""
    rate = median_low(one.rate for one in some)
    return next(one for one in some if one.rate == rate)


def _ours(opened: Line, folder: Path, count: int, lines: Path) -> Moved:
    async def run() -> Moved:
        async with road(folder, opened) as made:
            return await made.move(whole_dossiers(count))

    return asyncio.run(run())


def _peer(mode: str) -> Run:
    def run(opened: Line, folder: Path, count: int, lines: Path) -> Moved:
        authority, port = certify(folder, opened.city_host).authority, servers.free_port()
        where = [opened.city_host, str(port), str(folder)]
        with ExitStack() as stack:
            arguments = ["-m", "tests.bench.peer_city", FORM_OF[mode], *where]
            city = stack.enter_context(servers.running(arguments, inside=opened.far))
            arguments = [
                *("-m", "tests.bench.peer_station", mode, f"https://{opened.reach(port)}"),
                *(str(authority), str(folder), str(lines), str(count)),
            ]
            station = stack.enter_context(servers.running(arguments, inside=opened.near))
            return emptied(opened, station, [city.pid])

    return run


def _print(report: Report, quality: Quality, found: dict[str, Moved]) -> None:
    with line(quality) as opened:
        kind = opened.kind
    columns = ["way", "records", "records/s", "entered/s", "B/record up", "CPU µs near + far"]
    columns += ["peak MiB near / far"]
    rows = [[name, *_cells(figures)] for name, figures in found.items()]
    report.table(f"Backlog of dossiers, {quality.name} ({kind})", columns, rows)


def _cells(figures: Moved) -> list[str]:
    near, far = figures.cpu_us
    entered = figures.records / (figures.settled_s or figures.seconds)
    return [
        f"{figures.records:,}",
        f"{figures.rate:,.0f}",
        f"{entered:,.0f}",
        f"{figures.bytes_each:,.0f}",
        f"{near:,.0f} + {far:,.0f}",
        f"{figures.cost.near_peak_mib:.0f} / {figures.cost.far_peak_mib:.0f}",
    ]


def _events(report: Report, count: int) -> None:
    """Small events beside whole dossiers: what a station's day is made of."""

    async def run(opened: Line, folder: Path) -> Moved:
        async with road(folder, opened) as made:
            return await made.move(days(count // 4))

    with (
        report.part("a day's events"),
        TemporaryDirectory(prefix="bench-") as folder,
        line(CLEAN) as opened,
    ):
        figures = asyncio.run(run(opened, Path(folder)))
        columns = ["load", "records", "records/s", "entered/s", "B/record up", "CPU µs near + far"]
        title = "The same road with a day's events (submitted, called, received, closed)"
        report.table(title, [*columns, "peak MiB near / far"], [["ours", *_cells(figures)]])
