"""What the machine says about itself: data disk, temperature, supply.

Responsible for reading figures of the operating system. Rules: what cannot be read is None, never
zero; every function may block for milliseconds and is called in a thread. Must not know: what a
figure means (the checks do).
"""

import os
from pathlib import Path
from typing import Final

from edge_node.health.facts import DiskFacts, PowerFacts

THERMAL_ZONES: Final = Path("/sys/class/thermal")
HARDWARE_MONITORS: Final = Path("/sys/class/hwmon")
UNDERVOLTAGE_ALARM: Final = "in0_lcrit_alarm"
"""The Raspberry Pi's own flag (driver `rpi_volt`): 1 while the supply is too weak."""


def read_disk(folder: Path) -> DiskFacts | None:
    """The file system `folder` is on, or None when it cannot be asked."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return DiskFacts(
        free_bytes=found.f_bavail * found.f_frsize,
        total_bytes=found.f_blocks * found.f_frsize,
        read_only=bool(found.f_flag & os.ST_RDONLY),
    )


def read_power(zones: Path = THERMAL_ZONES, monitors: Path = HARDWARE_MONITORS) -> PowerFacts:
    """Hottest sensor of the processor and the supply's alarm, as far as they exist."""
    return PowerFacts(temperature_c=_hottest_c(zones), undervoltage=_undervoltage(monitors))


def _hottest_c(zones: Path) -> int | None:
    texts = [_read(file) for file in zones.glob("thermal_zone*/temp")]
    hottest = max((int(text) for text in texts if text.isascii() and text.isdigit()), default=0)
    return round(hottest / 1000) if hottest else None


def _undervoltage(monitors: Path) -> bool | None:
    texts = [_read(file) for file in monitors.glob(f"*/{UNDERVOLTAGE_ALARM}")]
    known = [text == "1" for text in texts if text]
    return any(known) if known else None


def _read(file: Path) -> str:
    try:
        return file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
