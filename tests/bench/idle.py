"""What the node costs while nobody is there: memory and the time to its first answer."""

import subprocess
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil

from tests.bench import servers
from tests.bench.figures import Report

STARTS = 5
SETTLE_S = 6.0
MIB = 1 << 20


def measure(report: Report, starts: int = STARTS, settle_s: float = SETTLE_S) -> None:
    """Resident memory after some idle seconds and the median start time."""
    with servers.node() as (_, pid):
        process = psutil.Process(pid)
        end = time.monotonic() + settle_s
        while time.monotonic() < end:
            _pause()
        rss = process.memory_info().rss / MIB
    ours = median(_start_s() for _ in range(starts))
    bare = median(_bare_s() for _ in range(starts))
    rows = [
        ["this node", f"{rss:.0f}", f"{ours:.2f}"],
        ["empty aiohttp server", "–", f"{bare:.2f}"],
    ]
    report.table("While nobody is there", ["server", "MiB RSS", "ready after s"], rows)
    report.bound("idle node, MiB RSS", rss, 75)
    report.bound("idle node, ready after s", ours, 2)


def _pause() -> None:
    subprocess.run(["sleep", "0.5"], check=True)


def _start_s() -> float:
    with TemporaryDirectory(prefix="bench-") as name:
        config = servers.node_config(Path(name), servers.free_port())
        begun = time.perf_counter()
        with servers.process(["-m", "edge_node", "serve", "--config", str(config)]):
            return time.perf_counter() - begun


def _bare_s() -> float:
    with TemporaryDirectory(prefix="bench-") as name:
        begun = time.perf_counter()
        arguments = ["-m", "tests.bench.peers", "noop", str(servers.free_port()), name]
        with servers.process(arguments):
            return time.perf_counter() - begun
