"""The clocks a batch and a contact are stamped with.

Rules: the wall clock is a hint; before the release date it is called wrong (quality 0), after it
free-running (1). Order and freshness never depend on it.
"""

import time
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from sync.protocol.batch_header import SealingTime
from sync.protocol.record import RecordTime

RELEASE_WALL_MS: Final = 1_793_491_200_000
"""2026-11-01T00:00Z (Unix time, ms): no correct clock shows a time before this software."""

QUALITY_WRONG: Final = 0
QUALITY_FREE_RUNNING: Final = 1
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Reading(NamedTuple):
    """Both clocks at one moment; `wall_ms` as the machine believes."""

    mono_ms: int
    wall_ms: int

    @property
    def plausible(self) -> bool:
        """Whether the wall clock could be right."""
        return self.wall_ms >= RELEASE_WALL_MS


class Clock(Protocol):
    """What reads time for the daemon."""

    @property
    def boot_id(self) -> bytes:
        """Eight bytes that change at every boot."""

    def read(self) -> Reading:
        """Both clocks now."""


class SystemClock:
    """The machine's own clocks."""

    def __init__(self) -> None:
        text = _BOOT_ID.read_text(encoding="ascii").strip()
        self._boot_id = bytes.fromhex(text.replace("-", ""))[:8]

    @property
    def boot_id(self) -> bytes:
        """The first eight bytes of the kernel's random boot id."""
        return self._boot_id

    def read(self) -> Reading:
        """CLOCK_BOOTTIME counts while suspended."""
        return Reading(
            time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
            time.clock_gettime_ns(time.CLOCK_REALTIME) // 1_000_000,
        )


def sealing_time(clock: Clock) -> SealingTime:
    """Now, as a batch header and a greeting carry it."""
    reading = clock.read()
    quality = QUALITY_FREE_RUNNING if reading.plausible else QUALITY_WRONG
    wall_ms = reading.wall_ms if reading.wall_ms >= 0 else None
    return SealingTime(clock.boot_id, RecordTime(reading.mono_ms, wall_ms, quality))
