from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge_node.usecases.station import Station
from tests.web.station import TestClock, open_station


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def station(tmp_path: Path, clock: TestClock) -> AsyncIterator[Station]:
    async with open_station(tmp_path, clock) as opened:
        yield opened
