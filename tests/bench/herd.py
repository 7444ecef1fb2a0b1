"""168 stations return at once to one city process, and what other forms of storing cost there.

One process takes in everything over TLS, durable before the answer; the load comes from another.
Our city verifies, stores the sealed batch and signs a receipt, then opens and enters in the
background: both moments are given. The forms beside it verify and sign the same way.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import asyncpg
import msgspec
import psutil

from sync.database import open_reader
from tests.bench import herd_stations, servers
from tests.bench.figures import Report, cpu_s, peak_mib
from tests.bench.herd_load import Said
from tests.bench.herd_stations import Herd
from tests.bench.peer_road import certify
from tests.city.postgres_server import fresh_database, server

OURS = "ours: sealed, entered later"
FORMS = {
    "rows": "plain rows",
    "compressed": "rows, each zstd",
    "whole": "batch whole + index of ids",
    "sealed": "sealed batch as it came",
}
DATABASE_FORMS = {
    "COPY of plain rows": ("copy", 1),
    "COPY of plain rows, two writers": ("copy", 2),
    "unnest of zstd rows": ("unnest", 1),
    "unnest of zstd rows, two writers": ("unnest", 2),
}
HOST = "127.0.0.1"
SETTLE_S = 1800.0
POLL_S = 0.02
UNOPENED = "SELECT count(*) FROM log WHERE opened < size"


class Drained(NamedTuple):
    """What a centre did with a herd."""

    said: Said
    gateway_cpu_s: float
    database_cpu_s: float
    peak_mib: float
    settled_s: float
    settled_cpu_s: float

    @property
    def rate(self) -> float:
        """Records acknowledged per second."""
        return self.said.records / self.said.seconds


class Centre(NamedTuple):
    """A running centre: how to reach it, and how to tell that it has nothing left to do."""

    pid: int
    url: str
    path: str
    authority: Path
    settle: Callable[[], Awaitable[None]]
    database_pid: int | None = None


def measure(report: Report, herd: Herd, rounds: int, forms: Collection[str] = tuple(FORMS)) -> None:
    """SQLite: ours beside four forms, and one station with everything."""
    found: dict[str, list[Drained]] = {}
    with TemporaryDirectory(prefix="bench-herd-") as name:
        folder = Path(name)
        herd_stations.write_form(folder / "form", herd)
        for _ in range(rounds):
            with report.part("herd, ours"):
                found.setdefault(OURS, []).append(asyncio.run(ours(herd)))
            for form in forms:
                title = FORMS[form]
                with report.part(f"herd, {title}"):
                    drained = asyncio.run(_form(form, 1, folder / "form", ""))
                    found.setdefault(title, []).append(drained)
    middle = {title: _middle(some) for title, some in found.items()}
    title = f"Herd on SQLite: {herd.stations} stations × {herd.records} dossiers at once"
    _print(report, title, middle)
    if OURS in middle:
        _judge(report, herd, middle)


def _judge(report: Report, herd: Herd, middle: dict[str, Drained]) -> None:
    mine = middle[OURS]
    forms = {title: one.rate for title, one in middle.items() if title != OURS}
    report.bound("herd, records/s on SQLite", mine.rate, 100_000, at_least=True)
    if forms:
        best = max(forms, key=lambda title: forms[title])
        report.at_least("herd ÷ best form", mine.rate, (best, forms[best]), 0.7)
    worst = ("its median station, s", mine.said.median_station_s)
    report.at_most("herd, worst station, s", mine.said.worst_station_s, worst, 1.5)
    with report.part("one station with everything"):
        alone = asyncio.run(ours(Herd(1, herd.total)))
        _print(report, "The same total from one station", {OURS: alone})
        one = ("one station, s", alone.said.seconds)
        report.at_most("herd drained, s", mine.said.seconds, one, 1.5)


def measure_postgres(
    report: Report, herd: Herd, rounds: int, forms: Collection[str] = tuple(DATABASE_FORMS)
) -> None:
    """PostgreSQL: ours beside COPY and unnest."""
    found: dict[str, list[Drained]] = {}
    with TemporaryDirectory(prefix="bench-herd-") as name:
        folder = Path(name)
        herd_stations.write_form(folder / "form", herd)
        for _ in range(rounds):
            with report.part("herd on PostgreSQL, ours"), _database() as url:
                found.setdefault(OURS, []).append(asyncio.run(ours(herd, url)))
            for title in forms:
                form, writers = DATABASE_FORMS[title]
                with report.part(f"herd on PostgreSQL, {title}"), _database() as url:
                    drained = asyncio.run(_form(form, writers, folder / "form", url))
                    found.setdefault(title, []).append(drained)
    middle = {title: _middle(some) for title, some in found.items()}
    title = f"Herd on PostgreSQL: {herd.stations} stations × {herd.records} dossiers at once"
    _print(report, title, middle)
    for other in list(DATABASE_FORMS)[:2]:
        if OURS in middle and other in middle:
            its = (other, middle[other].rate)
            report.at_least("herd on PostgreSQL", middle[OURS].rate, its, 1.5)


async def ours(herd: Herd, url: str = "") -> Drained:
    """Our city drains a herd of new stations."""
    with TemporaryDirectory(prefix="bench-herd-") as name:
        async with city(Path(name), url) as opened:
            return await opened.drain(herd)


class City(NamedTuple):
    """Our city as a process, and where its configuration lies."""

    folder: Path
    config: Path
    centre: Centre

    async def drain(self, herd: Herd) -> Drained:
        """Enrol a herd of new stations and let them come."""
        scripts = self.folder / f"scripts-{herd.first}"
        await herd_stations.write_ours(self.config, scripts, herd)
        return await _drain(self.centre, scripts)


@contextlib.asynccontextmanager
async def city(folder: Path, url: str = "") -> AsyncIterator[City]:
    """A real `edge-city` on SQLite, or on the database at `url`."""
    port, config = servers.free_port(), folder / "city.toml"
    config.write_text(
        f'[city]\nname = "Thành phố Đo"\nstate_directory = "city"\n'
        f'[listen]\nhost = "{HOST}"\nport = {port}\n[database]\nurl = "{url}"\n'
    )

    async def settle() -> None:
        await (_until_opened_at(url) if url else _until_opened_in(folder / "city" / "city.db"))

    with servers.running(["-m", "sync.city", "serve", "--config", str(config)]) as running:
        authority = folder / "city" / "tls" / "authority.pem"
        base, postmaster = f"https://{HOST}:{port}", _postmaster() if url else None
        centre = Centre(running.pid, base, "/v1/batches", authority, settle, postmaster)
        yield City(folder, config, centre)


async def _form(form: str, writers: int, scripts: Path, url: str) -> Drained:
    async def settled() -> None:
        return

    with TemporaryDirectory(prefix="bench-herd-") as name:
        folder, port = Path(name), servers.free_port()
        authority = certify(folder, HOST).authority
        arguments = ["-m", "tests.bench.peer_city", form, HOST, str(port), name]
        arguments += ["--database", url, "--writers", str(writers)]
        with servers.running(arguments) as running:
            base, postmaster = f"https://{HOST}:{port}", _postmaster() if url else None
            centre = Centre(running.pid, base, "/records", authority, settled, postmaster)
            return await _drain(centre, scripts)


async def _drain(centre: Centre, scripts: Path) -> Drained:
    arguments = ["-m", "tests.bench.herd_load", centre.url, centre.path, str(centre.authority)]
    with servers.running([*arguments, str(scripts)]) as load:
        before, database = cpu_s(centre.pid), _tree_cpu_s(centre.database_pid)
        begun = perf_counter()
        answer = await asyncio.to_thread(servers.ask, load, "go")
        at_ack = cpu_s(centre.pid) - before
        await centre.settle()
        settled_s = perf_counter() - begun
        return Drained(
            msgspec.json.decode(answer, type=Said),
            at_ack,
            _tree_cpu_s(centre.database_pid) - database,
            peak_mib(centre.pid),
            settled_s,
            cpu_s(centre.pid) - before,
        )


async def _until_opened_in(path: Path) -> None:
    def unopened(connection: sqlite3.Connection) -> int:
        return int(connection.execute(UNOPENED).fetchone()[0])

    async with asyncio.timeout(SETTLE_S), open_reader(path) as reader:
        while await reader.query(unopened):  # noqa: ASYNC110 - another process
            await asyncio.sleep(POLL_S)


async def _until_opened_at(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(SETTLE_S):
            while await connection.fetchval(UNOPENED):  # noqa: ASYNC110 - another process
                await asyncio.sleep(POLL_S)
    finally:
        await connection.close()


@contextlib.contextmanager
def _database() -> Iterator[str]:
    yield from fresh_database()


def _postmaster() -> int:
    first = (Path(server().pgdata) / "postmaster.pid").read_text().splitlines()[0]
    return int(first)


def _tree_cpu_s(pid: int | None) -> float:
    """A database server with its children, the finished ones too."""
    if pid is None:
        return 0.0
    top = psutil.Process(pid)
    times = top.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in top.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += sum(child.cpu_times()[:2])
    return float(total)


def _middle(some: list[Drained]) -> Drained:
    return sorted(some, key=lambda one: one.rate)[(len(some) - 1) // 2]


def _print(report: Report, title: str, found: dict[str, Drained]) -> None:
    columns = ["form", "records/s", "entered/s", "CPU µs to ack", "whole", "database"]
    columns += ["ack p50/p99 ms", "station median/worst s", "greeting s", "MiB", "sent away"]
    rows = []
    for name, one in found.items():
        said, each = one.said, 1e6 / one.said.records
        rows.append(
            [
                name,
                f"{one.rate:,.0f}",
                f"{said.records / one.settled_s:,.0f}",
                f"{one.gateway_cpu_s * each:.1f}",
                f"{one.settled_cpu_s * each:.1f}",
                f"{one.database_cpu_s * each:.1f}",
                f"{said.ack_p50_ms:.0f} / {said.ack_p99_ms:.0f}",
                f"{said.median_station_s:.2f} / {said.worst_station_s:.2f}",
                f"{said.greeting_s:.2f}",
                f"{one.peak_mib:.0f}",
                f"{said.refused}",
            ]
        )
    report.table(title, columns, rows)
