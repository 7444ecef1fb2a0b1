"""How often the station waits for the city: times over a line of 100 ms, in round trips.

The relay charges a round trip for opening a connection and half of one for every byte each way, and
says when what passed at the city's end. Work and fsync come on top: the limits leave a quarter of a
round trip for the first and the measured time of two for the second.
"""

import asyncio
import json
import os
import ssl
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp

from tests.bench import dossiers, servers
from tests.bench.figures import Report
from tests.bench.line import Line, Quality, Relay, relayed
from tests.bench.peer_road import certify
from tests.bench.relay import Passed
from tests.bench.road import Event, Road, road, whole_dossiers

FAR: Final = Quality("100 ms", 100.0)
ROUND_TRIP_S: Final = FAR.round_trip_ms / 1000
WORK: Final = 0.25
"""Round trips that work may take on top."""
URGENT_LANE: Final = 0
BACKLOG: Final = 40
BATCH_LEAST_BYTES: Final = 3_000
"""A batch of so many dossiers is larger than any greeting."""
TIMES: Final = 5
POLL_S: Final = 0.02
TIMEOUT_S: Final = 60.0
FSYNCS: Final = 21
HOST: Final = "127.0.0.1"


def measure(report: Report, times: int = TIMES) -> None:
    """Urgent events on a line that works, and the first batch after one that did not."""
    with TemporaryDirectory(prefix="bench-far-") as name, relayed(FAR) as line:
        urgent, after, opened = asyncio.run(_ours(Path(name), line, times))
    with TemporaryDirectory(prefix="bench-far-") as name:
        bare = asyncio.run(_bare(Path(name), times))
        fsync = _fsync_s(Path(name)) / ROUND_TRIP_S
    rows = [
        ["urgent event, commit to receipt, line in use", f"{urgent:.2f}"],
        ["the same: one bare POST, line in use", f"{bare:.2f}"],
        ["after an outage: WELCOME to the first batch at the city", f"{after:.2f}"],
        ["after an outage: connection opened to the first batch", f"{opened:.2f}"],
        ["one fsync here", f"{fsync:.3f}"],
    ]
    report.table("Round trips of 100 ms", ["what", "round trips"], rows)
    report.bound("urgent event, round trips (3 + 2 fsync)", urgent, 3 + WORK + 2 * fsync)
    report.bound("first batch after an outage, round trips (1)", after, 1 + WORK)


async def _ours(folder: Path, line: Line, times: int) -> tuple[float, float, float]:
    assert line.relay is not None
    async with road(folder, line) as made:
        urgent = [await _urgent(made, number) for number in range(times)]
        found = [await _after_outage(made, line.relay, number) for number in range(times)]
    after, opened = zip(*found, strict=True)
    return median(urgent), median(after), median(opened)


async def _urgent(made: Road, number: int) -> float:
    """From the commit of one event to its receipt in sync.db."""
    body = json.dumps({"type": "payment.recorded", "amount": 7000, "number": number}).encode()
    event = Event(48, os.urandom(16), 1, body)
    begun = time.perf_counter()
    await made.append([event], lane=URGENT_LANE)
    await made.until_held()
    return (time.perf_counter() - begun) / ROUND_TRIP_S


async def _after_outage(made: Road, relay: Relay, number: int) -> tuple[float, float]:
    """The city goes away, records gather, the city comes back."""
    relay.tell("down")
    await made.append(whole_dossiers(BACKLOG, station=20 + number))
    since = time.monotonic()
    async with asyncio.timeout(TIMEOUT_S):
        while not _has_called(relay, since):  # noqa: ASYNC110 - another process
            await asyncio.sleep(POLL_S)
    relay.tell("up")
    since = time.monotonic()
    await made.until_held()
    return _waits(_passed(relay, since))


def _has_called(relay: Relay, since: float) -> bool:
    return any(one.way == "refused" for one in _passed(relay, since))


def _passed(relay: Relay, since: float) -> list[Passed]:
    found = [Passed(*one) for one in json.loads(relay.tell("passed"))]
    return [one for one in found if one.at_s >= since]


def _waits(passed: list[Passed]) -> tuple[float, float]:
    """From the city's last word before the batch to the batch, and from opening; round trips."""
    batch = next(one for one in passed if one.way == "up" and one.size >= BATCH_LEAST_BYTES)
    same = [one for one in passed if one.connection == batch.connection and one.at_s < batch.at_s]
    said = max(one.at_s for one in same if one.way == "down")
    # The relay charged the round trip of opening before it said that it had opened.
    opened = min(one.at_s for one in same if one.way == "open") - ROUND_TRIP_S
    return (batch.at_s - said) / ROUND_TRIP_S, (batch.at_s - opened) / ROUND_TRIP_S


async def _bare(folder: Path, times: int) -> float:
    """One POST of one record over a kept connection."""
    authority, port = certify(folder, HOST).authority, servers.free_port()
    arguments = ["-m", "tests.bench.peer_city", "record", HOST, str(port), str(folder)]
    context = ssl.create_default_context(cafile=str(authority))
    connector = aiohttp.TCPConnector(ssl=context)
    took = []
    with servers.running(arguments), relayed(FAR) as line:
        url = f"https://{line.reach(port)}/records"
        async with aiohttp.ClientSession(connector=connector) as session:
            for number in range(times + 1):
                begun = time.perf_counter()
                async with session.post(url, data=dossiers.dossier(number)) as answer:
                    answer.raise_for_status()
                    await answer.read()
                took.append((time.perf_counter() - begun) / ROUND_TRIP_S)
    return median(took[1:])


def _fsync_s(folder: Path) -> float:
    """The median of a few appends with fsync."""
    took = []
    with (folder / "probe").open("wb", buffering=0) as file:
        for _ in range(FSYNCS):
            begun = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            took.append(time.perf_counter() - begun)
    return median(took)
