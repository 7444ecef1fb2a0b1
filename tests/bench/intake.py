"""Intake of whole submissions at the node, on this disk and on one as slow as an SD card."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import servers
from tests.bench.figures import Report
from tests.bench.load import Load, load

CLIENTS = (1, 8, 32)
SLOW_CLIENTS = 32
NODE, NOTHING, LOCK, BARE = (
    "this node",
    "does nothing",
    "lock + commit",
    "one row, one fsync a group",
)


def measure(report: Report, seconds: float, counts: Sequence[int] = CLIENTS) -> None:
    """Rates and times by the number of clients; the goals are judged at the last number."""
    found: dict[str, dict[int, Load]] = {}
    with TemporaryDirectory(prefix="bench-load-") as name:
        folder = Path(name)
        for clients in counts:
            with servers.peer("noop") as (port, _):
                _note(found, NOTHING, clients, _load(port, clients, seconds, folder))
            with servers.node() as (port, _):
                _note(found, NODE, clients, _load(port, clients, seconds, folder))
            with servers.peer("lock") as (port, _):
                _note(found, LOCK, clients, _load(port, clients, seconds, folder))
    columns = ["server", *(f"{clients} clients" for clients in counts)]
    rows = [[name, *map(_cell, figures.values())] for name, figures in found.items()]
    report.table("Intake of whole submissions, durable (201 per second; p50/p99 ms)", columns, rows)
    ours = found[NODE][counts[-1]].rate
    for name, limit in ((LOCK, 4.0), (NOTHING, 0.35)):
        other = (name, found[name][counts[-1]].rate)
        report.at_least(f"intake, {counts[-1]} clients ÷ {name}", ours, other, limit)


def measure_slow(report: Report, seconds: float) -> None:
    """The same where every fsync takes long."""
    with TemporaryDirectory(prefix="bench-load-") as name:
        folder = Path(name)
        extra = servers.slow_disk(folder)
        if extra is None:
            report.say("Slow disk: not measured, no C compiler (Debian package gcc).")
            return
        found = {}
        with servers.peer("bare", extra) as (port, _):
            found[BARE] = _load(port, SLOW_CLIENTS, seconds, folder)
        with servers.node(extra) as (port, _):
            found[NODE] = _load(port, SLOW_CLIENTS, seconds, folder)
        with servers.peer("lock", extra) as (port, _):
            found[LOCK] = _load(port, SLOW_CLIENTS, seconds, folder)
    title = f"The same where every fsync takes {servers.FSYNC_MS} ms, {SLOW_CLIENTS} clients"
    rows = [[name, _cell(figures)] for name, figures in found.items()]
    report.table(title, ["server", "201/s, p50/p99 ms"], rows)
    report.at_least("intake, slow disk", found[NODE].rate, (BARE, found[BARE].rate), 0.9)


def _load(port: int, clients: int, seconds: float, folder: Path) -> Load:
    load(port, clients, 1, servers.TOKEN, folder)
    return load(port, clients, seconds, servers.TOKEN, folder)


def _note(found: dict[str, dict[int, Load]], name: str, clients: int, figures: Load) -> None:
    found.setdefault(name, {})[clients] = figures


def _cell(figures: Load) -> str:
    errors = f" {figures.errors} errors" if figures.errors else ""
    return f"{figures.rate:,.0f}  {figures.p50_ms:.1f}/{figures.p99_ms:.1f}{errors}"
