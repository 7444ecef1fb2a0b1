"""A browser's view of a real station: requests as our own pages send them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from edge_node.usecases.station import Station
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
    server = TestServer(make_app(station))
    await server.start_server()
    jar = CookieJar(unsafe=True, treat_as_secure_origin=[URL(str(server.make_url("/"))).origin()])
    async with TestClient(
        server, cookie_jar=jar, headers={"Sec-Fetch-Site": "same-origin"}
    ) as opened:
        yield opened
