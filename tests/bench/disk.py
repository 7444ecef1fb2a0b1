"""What a station's card has to take: bytes that reach the disk for one dossier, at eight clients.

The kernel counts what a process caused to be written, the log of changes and its copy into the
database alike. The payload is the body as it was posted: a form with every question answered.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from tests.bench import servers
from tests.bench.figures import Report
from tests.bench.load import FULL_BODY, load

CLIENTS = 8
LIMIT = 3.0
DOSSIER_BYTES = 2300
"""What a dossier of the sync comparison has."""


class Written(NamedTuple):
    """Dossiers taken in per second, bytes for each, and which counter said so."""

    rate: float
    each: float
    counter: str


def measure(report: Report, seconds: float) -> None:
    """Ours beside one row per submission and beside a commit per request."""
    found: dict[str, Written] = {}
    with TemporaryDirectory(prefix="bench-disk-") as name:
        folder = Path(name)
        with servers.node() as (port, pid):
            found["this node"] = _written(port, pid, seconds, folder)
        for kind, title in (("bare", "one row, group commit"), ("lock", "lock + commit")):
            with servers.peer(kind) as (port, pid):
                found[title] = _written(port, pid, seconds, folder)
    columns = ["server", "dossiers/s", "bytes written each", "÷ payload", "÷ 2.3 KB", "counter"]
    rows = [
        [
            title,
            f"{one.rate:,.0f}",
            f"{one.each:,.0f}",
            f"{one.each / len(FULL_BODY):.2f}",
            f"{one.each / DOSSIER_BYTES:.2f}",
            one.counter,
        ]
        for title, one in found.items()
    ]
    report.table(f"Disk: {CLIENTS} clients, payload {len(FULL_BODY):,} bytes", columns, rows)
    payload = ("payload, bytes", float(len(FULL_BODY)))
    report.at_most("bytes written per dossier", found["this node"].each, payload, LIMIT)


def _written(port: int, pid: int, seconds: float, folder: Path) -> Written:
    load(port, CLIENTS, 1, servers.TOKEN, folder, FULL_BODY)
    process = psutil.Process(pid)
    before = process.io_counters()
    figures = load(port, CLIENTS, seconds, servers.TOKEN, folder, FULL_BODY)
    after = process.io_counters()
    if figures.errors:
        raise RuntimeError(f"{figures.errors} answers were no 201")
    count = max(1.0, figures.rate * seconds)
    device = after.write_bytes - before.write_bytes
    if device:
        return Written(figures.rate, device / count, "device")
    # A file system without a device behind it: what was handed to it, sockets left out.
    return Written(figures.rate, (after.write_chars - before.write_chars) / count, "calls")
