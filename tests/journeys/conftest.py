import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.station_day import StationDay, station_day

collect_ignore = [] if os.environ.get("WHOLE") else ["test_full_day.py"]
"""A whole day with its outage takes minutes: it is run with WHOLE=1."""


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[StationDay]:
    """A fresh station, city, printers and scanner: real processes on loopback."""
    async with station_day(tmp_path) as running:
        yield running
