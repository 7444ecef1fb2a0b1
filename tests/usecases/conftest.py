from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge_node.usecases.station import Station
from tests.usecases.city_side import Daemon, daemon_of
from tests.web.station import TestClock, open_station


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def station(tmp_path: Path, clock: TestClock) -> AsyncIterator[Station]:
    async with open_station(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    """The writer of the station's sync.db."""
    async with daemon_of(tmp_path) as opened:
        yield opened
