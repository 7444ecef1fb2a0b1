"""Our own road: a real `edge-sync`, a real `edge-city`, TLS, a backlog from the real journal.

Both processes are up and idle. The clock runs from the commit that makes the backlog to the receipt
that covers its last record, which is durable then; processor time runs on until the city has opened
and entered everything, so that nothing is left to be paid for later.
"""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from edge_node.demo.layout import LOOPBACK, Layout, prepare
from edge_node.domain.codes import epoch_tag
from sync.database import Reader, Writer, open_reader, open_writer
from sync.journal import backlog
from sync.journal.journal import LANE_DOSSIERS, Journal, JournalEvent, Run
from sync.protocol.record import RecordTime
from tests.bench import dossiers, servers
from tests.bench.figures import Meter, Moved
from tests.bench.line import Line
from tests.journeys.station_day import free_port_base

TIMEOUT_S = 900.0
POLL_S = 0.01
WARM_RECORDS = 5
OWNERS = {"journal": files("sync.journal") / "migrations"}


class Event(NamedTuple):
    """What the journal is told."""

    kind: int
    subject: bytes
    version: int
    body: bytes


def whole_dossiers(count: int, first: int = 0, station: int = 0) -> Iterable[Event]:
    """One record a dossier."""
    for number in range(first, first + count):
        body = dossiers.dossier(number, station)
        yield Event(16, dossiers.subject(number, station), 1, body)


def days(count: int) -> Iterable[Event]:
    """Four records a dossier, most of them small; dossier and number count their own versions."""
    for number in range(count):
        versions: Counter[bytes] = Counter()
        for kind, body in dossiers.day(number):
            subject = dossiers.subject(number, 2 if kind.startswith("ticket.") else 1)
            versions[subject] += 1
            yield Event(dossiers.KINDS[kind], subject, versions[subject], body)


@dataclass
class Road:
    """Both processes, and the journal as the node would hold it."""

    line: Line
    layout: Layout
    writer: Writer
    journal: Journal
    said: Reader
    daemon_pid: int
    city_pid: int

    async def append(self, events: Iterable[Event], lane: int = LANE_DOSSIERS) -> None:
        """Commit these events at the station, all at once."""
        await append(self.writer, self.journal, events, lane)

    async def until_held(self) -> None:
        """Wait until receipts cover every record."""
        heads = await self.writer.transact(backlog.heads)
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                acked = await self.said.query(_acked)
                if all(acked.get(head.lid, 0) >= head.size for head in heads):
                    return
                await asyncio.sleep(POLL_S)

    async def until_opened(self) -> None:
        """Wait until the city has opened and entered everything; raises when it refused some."""
        async with asyncio.timeout(TIMEOUT_S), open_reader(city_database(self.layout)) as city:
            while await city.query(_unopened):  # noqa: ASYNC110 - another process
                await asyncio.sleep(POLL_S)
            set_aside = await city.query(_set_aside)
        if set_aside:
            # What the register refuses costs something else than what it enters.
            raise RuntimeError(f"the city did not enter {set_aside} records")

    async def move(self, events: Iterable[Event]) -> Moved:
        """Give the station a backlog and measure how it goes to the city."""
        backlog_of = list(events)
        meter, before = Meter([self.daemon_pid], [self.city_pid]), self.line.up_bytes()
        meter.begin()
        await self.append(backlog_of)
        begun = time.perf_counter()
        await self.until_held()
        seconds = time.perf_counter() - begun
        up_bytes = self.line.up_bytes() - before
        await self.until_opened()
        settled = time.perf_counter() - begun
        return Moved(len(backlog_of), seconds, up_bytes, meter.read(), settled)


async def append(
    writer: Writer, journal: Journal, events: Iterable[Event], lane: int = LANE_DOSSIERS
) -> None:
    """One transaction with these events."""
    moment = RecordTime(1, int(time.time() * 1000), 2)  # noqa: TID251 - a bench reads the clock

    def work(connection: sqlite3.Connection) -> None:
        for one in events:
            journal.append(connection, JournalEvent(os.urandom(16), *one, lane=lane), moment)

    await writer.transact(work)


@contextlib.asynccontextmanager
async def road(folder: Path, line: Line) -> AsyncIterator[Road]:
    """An enrolled station and its city, idle, everything held."""
    layout = Layout(folder, free_port_base())
    prepare(layout)
    _point_at(layout, line)
    path = layout.state / "node" / "node.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        writer = await stack.enter_async_context(open_writer(path, OWNERS))
        run = Run("26560", os.urandom(8), "bench", "bench")
        journal = Journal(run, entropy=os.urandom, tag_of=epoch_tag)
        writer.join(journal)
        city = stack.enter_context(servers.running(city_command(layout), inside=line.far))
        await append(writer, journal, whole_dossiers(WARM_RECORDS, station=7))
        _enrol(layout)
        arguments = ["-m", "sync.daemon", "run", "--config", str(layout.sync_config)]
        daemon = stack.enter_context(servers.running(arguments, inside=line.near))
        said = open_reader(layout.state / "sync" / "sync.db")
        reader = await stack.enter_async_context(said)
        made = Road(line, layout, writer, journal, reader, daemon.pid, city.pid)
        await made.until_held()
        await made.until_opened()
        yield made


def city_command(layout: Layout) -> list[str]:
    """The city's command line after the interpreter."""
    return ["-m", "sync.city", "serve", "--config", str(layout.city_config)]


def city_database(layout: Layout) -> Path:
    """The city's archive."""
    return layout.state / "city" / "city.db"


def _acked(connection: sqlite3.Connection) -> dict[bytes, int]:
    return dict(connection.execute("SELECT lid, acked FROM log_state").fetchall())


def _unopened(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM log WHERE opened < size").fetchone()[0])


def _set_aside(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM verdict").fetchone()[0])


def _point_at(layout: Layout, line: Line) -> None:
    """The city listens at its end of the line, the daemon calls it over the line."""
    city = layout.city_config.read_text()
    listens = f'host = "{LOOPBACK}"'
    layout.city_config.write_text(city.replace(listens, f'host = "{line.city_host}"'))
    text = layout.sync_config.read_text()
    calls = layout.url(layout.ports.line)
    over = f"https://{line.reach(layout.ports.city)}"
    layout.sync_config.write_text(text.replace(calls, over))


def _enrol(layout: Layout) -> None:
    request = layout.state / "request.cbor"
    for arguments in (
        ["sync.daemon", "identity", "--config", layout.sync_config, "--output", request],
        [
            *("sync.city", "enrol", "--config", layout.city_config),
            *("--request", request, "--output", layout.enrolment),
        ],
    ):
        command = [sys.executable, "-m", *map(str, arguments)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
