"""A browser's view of a real station: requests as our own pages send them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge_node.usecases.station import Station
from tests.web.browser_client import browsing
from tests.web.pages import Browser
from tests.web.station import TestClock, make_app, open_station


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def station(tmp_path: Path, clock: TestClock) -> AsyncIterator[Station]:
    async with open_station(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
async def client(station: Station) -> AsyncIterator[Browser]:
    """A client that keeps cookies as over HTTPS and says "same-origin" as a browser does."""
    async with browsing(make_app(station)) as opened:
        yield opened
