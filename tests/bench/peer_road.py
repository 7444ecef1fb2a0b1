"""What the roads of all peers share: a certificate for the centre, and how a run is measured."""

import json
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sync.certificates import TlsFiles, ensure_tls
from tests.bench import servers
from tests.bench.figures import Meter, Moved
from tests.bench.line import Line


def certify(folder: Path, host: str) -> TlsFiles:
    """A certificate for a peer's centre in `folder`, and the authority to trust."""
    now = datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 - a bench reads the clock
    return ensure_tls(folder / "tls", "peer", [host], now=now)


def emptied(opened: Line, station: "subprocess.Popen[bytes]", far: Sequence[int]) -> Moved:
    """What it costs when a station that is READY sends all it has; `far` runs at the centre."""
    meter, before = Meter([station.pid], far), opened.up_bytes()
    meter.begin()
    said = json.loads(servers.ask(station, "go"))
    return Moved(said["records"], said["seconds"], opened.up_bytes() - before, meter.read())
