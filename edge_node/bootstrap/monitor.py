"""The station's health, examined when somebody asks."""

import asyncio

from edge_node.health.examine import Devices, examine
from edge_node.health.runner import HealthReport
from edge_node.usecases.station import Station


class HealthMonitor:
    """Examinations on demand: callers that come while one runs share the next one.

    So the answer is never older than the question, and a crowd costs no more than one.
    """

    def __init__(self, station: Station, devices: Devices) -> None:
        self._station = station
        self._devices = devices
        self._lock = asyncio.Lock()
        self._asked = 0
        self._answered = 0
        self._last: HealthReport | None = None

    async def report(self) -> HealthReport:
        """The station's health, examined after this call began."""
        self._asked += 1
        mine = self._asked
        async with self._lock:
            if self._last is None or self._answered < mine:
                started = self._asked
                self._last = await examine(self._station, self._devices)
                self._answered = started
            return self._last
