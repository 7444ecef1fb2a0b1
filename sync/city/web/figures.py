"""`/metrics`: the figures of one city process.

Responsible for how often the archive is asked for them. Rules: what this process counts is told as
of now; what only the archive knows walks over every log and verdict and is told as of at most
ARCHIVE_FIGURES_AGE_MS ago, however many ask; a sick archive hides none of the counters.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import generate_latest

from sync.city.archive.port import Archive, ArchiveError
from sync.city.metrics import Metrics

ARCHIVE_FIGURES_AGE_MS: Final = 15_000
"""Who collects figures asks about this often; more who ask make no more work."""


@dataclass
class Figures:
    """The figures as text; `clock_ms` reads milliseconds since 1970 UTC."""

    archive: Archive
    metrics: Metrics
    clock_ms: Callable[[], int]
    _asked_ms: int | None = None
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def text(self) -> bytes:
        """The Prometheus text format."""
        with contextlib.suppress(ArchiveError):
            await self._look()
        return generate_latest(self.metrics.registry)

    async def _look(self) -> None:
        async with self._alone:
            now_ms = self.clock_ms()
            # A clock that was set back must not keep old figures.
            if self._asked_ms is not None and 0 <= now_ms - self._asked_ms < ARCHIVE_FIGURES_AGE_MS:
                return
            self.metrics.show_archive(await self.archive.gauges(), now_ms)
            self.metrics.show_stations(await self.archive.summarise(now_ms))
            self._asked_ms = now_ms
