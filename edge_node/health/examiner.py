"""Examinations on demand, shared by everybody who looks.

Responsible for not measuring twice at once, and for remembering what changed. Rules: a report
older than MAXIMUM_AGE_MS is never given out as new; what changed is told to open pages, without
details. Must not know: pages, languages.
"""

import asyncio
from collections import deque
from typing import Final, NamedTuple

from edge_node.health.examine import Devices, examine
from edge_node.health.issue import Check, Issue, Severity
from edge_node.health.runner import HealthReport
from edge_node.usecases.station import Station

MAXIMUM_AGE_MS: Final = 2_000
"""Two pages asking within this time share one examination."""

MAXIMUM_EVENTS: Final = 20


class HealthEvent(NamedTuple):
    """A check began to say something else."""

    at_ms: int
    issue: Issue


class Examiner:
    """Callable: `await examiner()` is the station's health now."""

    def __init__(self, station: Station, devices: Devices) -> None:
        self._station = station
        self._devices = devices
        self._alone = asyncio.Lock()
        self._report: HealthReport | None = None
        self._events: deque[HealthEvent] = deque(maxlen=MAXIMUM_EVENTS)

    @property
    def events(self) -> tuple[HealthEvent, ...]:
        """What changed since the service started, newest first."""
        return tuple(reversed(self._events))

    async def __call__(self) -> HealthReport:
        """The report of an examination at most MAXIMUM_AGE_MS old."""
        async with self._alone:
            now_ms = self._station.clock.read().wall_ms
            last = self._report
            if last is None or not 0 <= now_ms - last.examined_ms <= MAXIMUM_AGE_MS:
                self._report = await examine(self._station, self._devices)
                self._remember(last, self._report)
            assert self._report is not None
            return self._report

    def _remember(self, last: HealthReport | None, report: HealthReport) -> None:
        before = _codes(last) if last is not None else {}
        changed = [one for one in report.checks if before.get(one.check) != one.code]
        if last is None:
            changed = [one for one in changed if one.severity is not Severity.GOOD]
        self._events.extend(HealthEvent(report.examined_ms, one) for one in changed)
        if changed:
            self._station.changes.announce("health")


def _codes(report: HealthReport) -> dict[Check, str]:
    return {one.check: one.code for one in report.checks}
