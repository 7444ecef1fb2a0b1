import os
from collections.abc import AsyncIterator

import pytest

from tests.journeys.station_day import StationDay, station_day

collect_ignore = [] if os.environ.get("WHOLE") else ["test_full_day.py"]
"""A whole day with its outage takes minutes: it is run with WHOLE=1."""


@pytest.fixture(scope="module")
async def day(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StationDay]:
    """A station, city, printers and scanner for the journeys of a file: processes on loopback."""
    async with station_day(tmp_path_factory.mktemp("day")) as running:
        yield running
