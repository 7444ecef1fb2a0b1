"""The machine's clocks.

Responsible for reading time: no other file of the product may.
Rules: monotonic time is CLOCK_BOOTTIME (it counts while suspended); the wall clock is called
synchronised only when the kernel says so; a wall clock before the release date is called wrong.
Must not know: who asks, and for what.
"""

import ctypes
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from hardware.ports import ClockReading

RELEASE_WALL_MS = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)
"""No correct clock can show a time before this software existed (Unix time, ms)."""

VIETNAM = timezone(timedelta(hours=7), "+07")

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIMEX_BYTES = 208  # sizeof(struct timex) on 64-bit Linux
_STATUS_OFFSET = 40  # int status, after modes, offset, freq, maxerror, esterror
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5

SYNCHRONISED_MS = 10_000
"""How old the kernel's word about synchronisation may be."""

QUALITY_WRONG = 0
QUALITY_FREE_RUNNING = 1
QUALITY_SYNCHRONISED = 2


def kernel_says_synchronised() -> bool:
    """Whether adjtimex(2), asked without changing anything, reports a disciplined clock."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    except (OSError, AttributeError):
        return False
    status = int.from_bytes(timex.raw[_STATUS_OFFSET : _STATUS_OFFSET + 4], "little")
    return 0 <= state < _TIME_ERROR and not status & _STA_UNSYNC


def quality_of(wall_ms: int, *, synchronised: bool, floor_ms: int = RELEASE_WALL_MS) -> int:
    """0 before `floor_ms`, else 2 when synchronised, else 1."""
    if wall_ms < floor_ms:
        return QUALITY_WRONG
    return QUALITY_SYNCHRONISED if synchronised else QUALITY_FREE_RUNNING


class SystemClock:
    """The real clock of this machine (implements `hardware.ports.Clock`)."""

    def __init__(self) -> None:
        self._synchronised = False
        self._asked_mono_ms: int | None = None
        self._boot_id = bytes.fromhex(_BOOT_ID.read_text("ascii").strip().replace("-", ""))[:8]

    @property
    def boot_id(self) -> bytes:
        """The first eight bytes of the kernel's random boot identifier."""
        return self._boot_id

    def read(self) -> ClockReading:
        """Both clocks, read one after the other (well under a millisecond apart)."""
        mono_ms = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        wall_ms = time.clock_gettime_ns(time.CLOCK_REALTIME) // 1_000_000
        quality = quality_of(wall_ms, synchronised=self._is_synchronised(mono_ms))
        return ClockReading(mono_ms, wall_ms, quality)

    def _is_synchronised(self, mono_ms: int) -> bool:
        """The kernel's word, asked at most every SYNCHRONISED_MS: asking costs 0.1 ms."""
        asked = self._asked_mono_ms
        if asked is None or mono_ms - asked >= SYNCHRONISED_MS:
            self._synchronised = kernel_says_synchronised()
            self._asked_mono_ms = mono_ms
        return self._synchronised

    def now(self) -> datetime:
        """Wall time in Viet Nam, to the microsecond."""
        return datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), VIETNAM)
