"""The daemon's process and the city's, with harm in between: exactly once, no false word."""

import re
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.certificates import TlsFiles
from sync.city.serve import prepare_tls
from sync.city.settings import read_settings
from tests.faults.proxy import FAULTS, HARMLESS, Fault, Proxy, half_open, running_proxy
from tests.journeys.station_day import StationDay, station_day

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

DOSSIERS = 3


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


async def suffer(day: StationDay, proxy: Proxy, fault: Fault, numbers: set[str]) -> None:
    """Submit under the fault, watch that nothing is called sent, then let the line heal."""
    await day.until("quiet before the fault", day.all_entered)
    proxy.fault = fault
    proxy.harmed.clear()
    mine: list[str] = []
    for count in range(DOSSIERS):
        answer = await day.submit_until_answered(f"{fault.__name__} {count}")
        mine.append(str(answer["dossier_no"]))
    await proxy.harmed.wait()
    if fault not in HARMLESS:
        for number in mine:
            assert (await day.read(number))["custody"] == "station", fault.__name__
        assert not await day.all_entered(), fault.__name__
    proxy.fault = None
    numbers |= set(mine)
    if fault is half_open:
        # A line that carries nothing is noticed after the daemon's own patience only.
        await day.kill("sync")
        await day.start("sync")
    await day.until(f"everything arrives after {fault.__name__}", day.all_entered)


async def test_every_kind_of_harm(proxied: tuple[StationDay, Proxy]) -> None:
    day, proxy = proxied
    numbers: set[str] = set()
    for fault in FAULTS:
        await suffer(day, proxy, fault, numbers)
        at_city = await day.submitted_at_city()
        assert sorted(at_city) == sorted(numbers), fault.__name__
    assert proxy.seen["/v1/batches"] >= len(FAULTS)
