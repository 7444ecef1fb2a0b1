"""Stations that come back at once, from one process: a connection each, its batches in order.

First everybody connects (TLS) and greets; then, after a line on standard input, everybody sends.
Whoever is told to wait waits as long as the answer says. Prints one line of figures.

    python -m tests.bench.herd_load URL PATH AUTHORITY SCRIPTS
"""

import argparse
import asyncio
import json
import ssl
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec

from sync.protocol.batch import MEDIA_TYPE
from tests.bench.child import READY, say
from tests.bench.herd_stations import Script, read

BUSY = (429, 503)


class Said(msgspec.Struct, frozen=True):
    """What the run came to: seconds, and milliseconds where the name says so."""

    records: int
    seconds: float
    greeting_s: float
    ack_p50_ms: float
    ack_p99_ms: float
    median_station_s: float
    worst_station_s: float
    refused: int


@dataclass
class Load:
    """What happened so far."""

    url: str
    path: str
    acks_ms: list[float] = field(default_factory=list)
    stations_s: list[float] = field(default_factory=list)
    refused: int = 0

    async def greet(self, session: aiohttp.ClientSession, script: Script) -> None:
        """Connect and say HELLO; a centre that knows no greeting is only connected to."""
        if script.greeting:
            await self.post(session, "/v1/hello", script.greeting)
            return
        async with session.get(self.url) as answer:
            await answer.read()

    async def send(self, session: aiohttp.ClientSession, script: Script, begun: float) -> None:
        """One station's batches."""
        for batch in script.batches:
            asked = time.perf_counter()
            await self.post(session, self.path, batch)
            self.acks_ms.append((time.perf_counter() - asked) * 1000)
        self.stations_s.append(time.perf_counter() - begun)

    async def post(self, session: aiohttp.ClientSession, path: str, body: bytes) -> None:
        """Until it is taken."""
        headers = {"Content-Type": MEDIA_TYPE}
        while True:
            async with session.post(self.url + path, data=body, headers=headers) as answer:
                said = await answer.read()
                if answer.status == 200:
                    return
                if answer.status not in BUSY:
                    raise RuntimeError(f"{path}: {answer.status} {said[:300]!r}")
                self.refused += 1
                wait_s = float(answer.headers.get("Retry-After", "1"))
            await asyncio.sleep(wait_s)


async def _run(given: argparse.Namespace) -> None:
    scripts, load = read(given.scripts), Load(given.url, given.path)
    context = ssl.create_default_context(cafile=str(given.authority))
    timeout = aiohttp.ClientTimeout(total=None)
    async with AsyncExitStack() as stack:
        sessions = []
        for _ in scripts:
            connector = aiohttp.TCPConnector(ssl=context, limit=1, keepalive_timeout=600)
            session = aiohttp.ClientSession(connector=connector, timeout=timeout)
            sessions.append(await stack.enter_async_context(session))
        pairs = list(zip(sessions, scripts, strict=True))
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for session, script in pairs:
                tasks.create_task(load.greet(session, script))
        greeting_s = time.perf_counter() - begun
        say(READY)
        await asyncio.to_thread(sys.stdin.readline)
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for session, script in pairs:
                tasks.create_task(load.send(session, script, begun))
        seconds = time.perf_counter() - begun
    say(json.dumps(msgspec.to_builtins(_summarise(load, scripts, seconds, greeting_s))))
    await asyncio.to_thread(sys.stdin.readline)


def _summarise(load: Load, scripts: list[Script], seconds: float, greeting_s: float) -> Said:
    acks, stations = sorted(load.acks_ms), sorted(load.stations_s)
    return Said(
        records=sum(sum(script.records) for script in scripts),
        seconds=seconds,
        greeting_s=greeting_s,
        ack_p50_ms=acks[len(acks) // 2],
        ack_p99_ms=acks[len(acks) * 99 // 100],
        median_station_s=stations[len(stations) // 2],
        worst_station_s=stations[-1],
        refused=load.refused,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("path")
    parser.add_argument("authority", type=Path)
    parser.add_argument("scripts", type=Path)
    asyncio.run(_run(parser.parse_args()))
