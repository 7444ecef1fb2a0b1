"""The kiosks on the technician's page: who is paired, the open code, who may see it."""

from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from edge_node.domain.pairing import MAXIMUM_WRONG_TRIES
from edge_node.domain.seats import SeatRules
from edge_node.health.examine import Devices
from edge_node.usecases import lookup
from edge_node.usecases.paper import pairing_note
from edge_node.usecases.station import Station
from tests.web.counter_client import enter, look, send
from tests.web.lan import make_lan_app
from tests.web.station import TestClock

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(station: Station, tmp_path: Path) -> AsyncIterator[Client]:
    """A browser at a station of two kiosks, where the status page is the real one."""
    station.seats = SeatRules(("1", "2"), "required")
    server = TestServer(make_lan_app(station, Devices(data_directory=tmp_path, version="test")))
    await server.start_server()
    jar = CookieJar(unsafe=True, treat_as_secure_origin=[URL(str(server.make_url("/"))).origin()])
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with TestClient(server, cookie_jar=jar, headers=headers) as opened:
        yield opened


async def test_a_kiosk_is_paired_and_removed(client: Client, station: Station) -> None:
    assert "pair-kiosk-1" not in await look(client, "/status")
    await enter(client)
    assert (await send(client, "/status/seats", seat="kiosk-2"))[2] == "/status#seats"
    opened = station.pairing
    assert opened is not None
    page = await look(client, "/status")
    assert opened.shown in page
    assert "Mã ghép cho kiosk 2" in page
    assert (await send(client, "/pair", code=opened.code))[0] == 303
    assert "Đã ghép từ" in await look(client, "/status")
    assert await look(client, "/kiosk")
    await send(client, "/status/seats/end", seat="kiosk-2")
    assert "Đã ghép từ" not in await look(client, "/status")
    async with client.get("/kiosk") as response:
        assert response.status == 403


async def test_the_code_is_printed_for_whoever_stands_at_the_kiosk(
    client: Client, station: Station
) -> None:
    await enter(client)
    assert (await send(client, "/status/seats/print"))[0] == 404
    await send(client, "/status/seats", seat="kiosk-1")
    assert (await send(client, "/status/seats/print"))[2] == "/status#seats"
    job = await lookup.print_job(station, 1)
    assert job is not None
    assert job.kind == pairing_note.KIND


async def test_the_code_is_for_officers_only(client: Client, station: Station) -> None:
    await enter(client)
    await send(client, "/status/seats", seat="kiosk-1")
    opened = station.pairing
    assert opened is not None
    client.session.cookie_jar.clear()
    page = await look(client, "/status")
    assert opened.shown not in page
    assert opened.code not in page
    assert "kiosk 1" in page


async def test_the_page_counts_the_minutes_down(
    client: Client, station: Station, clock: TestClock
) -> None:
    await enter(client)
    await send(client, "/status/seats", seat="kiosk-1")
    opened = station.pairing
    assert opened is not None
    assert "còn 5 phút" in await look(client, "/status")
    clock.advance(4 * 60 + 59)
    assert opened.shown in await look(client, "/status")
    clock.advance(1)
    assert opened.shown not in await look(client, "/status")


async def test_guessing_is_told_to_the_technician(client: Client, station: Station) -> None:
    await enter(client)
    await send(client, "/status/seats", seat="kiosk-1")
    opened = station.pairing
    assert opened is not None
    for _ in range(MAXIMUM_WRONG_TRIES):
        await send(client, "/pair", code="0")
    page = await look(client, "/status")
    assert "gõ sai 5 lần" in page
    assert opened.shown not in page


async def test_what_an_unpaired_kiosk_means_is_said(client: Client, station: Station) -> None:
    assert "không đến màn hình nào" in await look(client, "/status")
    station.seats = SeatRules(("1",), "open")
    page = await look(client, "/status")
    assert "trình duyệt nào trong mạng của trạm" in page
    assert 'pairing = "required"' in unescape(page)


async def test_no_such_kiosk_is_not_found(client: Client, station: Station) -> None:
    await enter(client)
    status, _, _ = await send(client, "/status/seats", seat="kiosk-9")
    assert status == 404
    assert station.pairing is None
