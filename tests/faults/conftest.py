"""A station and a city in processes of their own, with a proxy between them."""

import re
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.certificates import TlsFiles
from sync.city.serve import prepare_tls
from sync.city.settings import read_settings
from tests.faults.proxy import Proxy, running_proxy
from tests.journeys.station_day import StationDay, station_day


def city_tls(day: StationDay) -> TlsFiles:
    now_ms = int(datetime.now(UTC).timestamp() * 1000)  # noqa: TID251 - beside a real process
    return prepare_tls(read_settings(Path(day.facts["config"]["city"])), now_ms)


def point_to(day: StationDay, url: str) -> None:
    """Let the daemon find its city behind the proxy, and not wait long between attempts."""
    path = Path(day.facts["config"]["sync"])
    text = re.sub(r'(?m)^url = ".*"$', f'url = "{url}"', path.read_text())
    path.write_text(text)


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[tuple[StationDay, Proxy]]:
    """A station and its city, with the proxy between their processes."""
    async with station_day(tmp_path) as day:
        files = city_tls(day)
        server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.load_cert_chain(files.certificate, files.key)
        upstream = str(day.facts["urls"]["city"]).rstrip("/")
        async with running_proxy(upstream, str(files.authority), server) as proxy:
            await day.kill("sync")
            point_to(day, proxy.url)
            await day.start("sync")
            yield day, proxy
