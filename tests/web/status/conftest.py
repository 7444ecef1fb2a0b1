"""A status page over real checks, and the daemon's hand in sync.db."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from edge_node.health.examine import Devices, examine
from edge_node.health.runner import HealthReport
from edge_node.usecases.scans import ScanDesk
from edge_node.usecases.station import Station
from edge_node.web.app import create_app
from tests.usecases.city_side import Daemon, daemon_of
from tests.web.browser_client import browsing

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    async with daemon_of(tmp_path) as opened:
        yield opened


@pytest.fixture
async def client(station: Station, tmp_path: Path) -> AsyncIterator[Client]:
    devices = Devices(data_directory=tmp_path, version="1.2.3")

    async def health() -> HealthReport:
        return await examine(station, devices)

    app = create_app(station, health=health, scans=ScanDesk(station.changes), version="test")
    async with browsing(app) as opened:
        yield opened
