"""The real node on a clock that a test moves: `python -m tests.journeys.day_node --clock FILE …`.

The file holds three numbers: a moment of the rehearsed day, the moment of this machine at which it
was set (both Unix ms), and how many times faster than this machine the day runs.
"""

import asyncio
import json
import signal
import struct
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Final

from edge_node import bootstrap
from edge_node.settings import read_settings
from hardware.clock import VIETNAM
from hardware.ports import ClockReading

FORM: Final = struct.Struct("<qqd")
BOOT_ID: Final = b"oneday\0\0"
SYNCHRONISED: Final = 2


class DayClock:
    """A clock on the wall of a rehearsal."""

    boot_id = BOOT_ID

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> ClockReading:
        day_ms, set_ms, speed = FORM.unpack(self._file.read_bytes())
        now_ms = day_ms + int((_machine_ms() - set_ms) * speed)
        return ClockReading(now_ms, now_ms, SYNCHRONISED)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.read().wall_ms / 1000, VIETNAM)


def set_clock(file: Path, moment: datetime, speed: float) -> None:
    """From now on it is this moment, and it runs this fast."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(FORM.pack(int(moment.timestamp() * 1000), _machine_ms(), speed))
    fresh.replace(file)


def _machine_ms() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


async def _run(clock: DayClock, config: Path) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await bootstrap.serve(read_settings(config), stopping, _ready, clock)


def _ready(url: str) -> None:
    sys.stdout.write(f"READY {json.dumps({'url': url})}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    named = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    asyncio.run(_run(DayClock(Path(named["--clock"])), Path(named["--config"])))
