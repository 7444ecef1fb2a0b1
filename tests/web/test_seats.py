"""A code read at a seat reaches that seat's pages: through HTTP, with the cookies of browsers."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from edge_node.domain.seats import SeatRules
from edge_node.usecases import lookup, seats
from edge_node.usecases.station import Station
from edge_node.web.keys import SCANS
from edge_node.web.seats import SEAT_COOKIE
from tests.web.counter_client import enter, file_dossier, send
from tests.web.station import SCAN, make_app

Client = TestClient[web.Request, web.Application]
NAME_ON_CARD = "NGUYỄN THỊ MẪU"


def client_of(server: TestServer, token: str = "") -> Client:
    """A browser of its own; the application it talks to is shared."""
    jar = CookieJar(unsafe=True, treat_as_secure_origin=[URL(str(server.make_url("/"))).origin()])
    cookies = {SEAT_COOKIE: token} if token else {}
    jar.update_cookies(cookies, server.make_url("/"))
    return TestClient(server, cookie_jar=jar, headers={"Sec-Fetch-Site": "same-origin"})


@pytest.fixture
async def server(station: Station) -> AsyncIterator[TestServer]:
    station.seats = SeatRules(("1", "2"), "open")
    opened = TestServer(make_app(station))
    async with opened:
        yield opened


async def claimed(client: Client, scan_id: str) -> str:
    """Where a kiosk's page goes on after it asked for a scan."""
    status, page, where = await send(client, "/kiosk/scan", scan=scan_id)
    return where if status == 303 else f"{status}{' with a name' * (NAME_ON_CARD in page)}"


async def test_a_card_goes_to_the_kiosk_it_was_laid_on(
    station: Station, server: TestServer
) -> None:
    app = server.app
    assert isinstance(app, web.Application)
    tokens = [await seats.pair(station, seat, "minh") for seat in ("kiosk-1", "kiosk-2")]
    scan_id = app[SCANS].offer(station, "kiosk-1", SCAN.encode())
    async with (
        client_of(server, tokens[0]) as first,
        client_of(server, tokens[1]) as second,
        client_of(server) as stranger,
    ):
        assert await claimed(second, scan_id) == "422"
        assert await claimed(stranger, scan_id) == "422"
        assert await claimed(first, scan_id) == "/kiosk/person"
        assert await claimed(first, scan_id) == "422"


async def test_a_reader_at_a_counter_does_what_a_keyboard_scanner_does(
    station: Station, client: Client
) -> None:
    dossier_id = await file_dossier(station)
    number = (await lookup.dossier(station, dossier_id)).dossier_no
    await enter(client)
    scans = client.app[SCANS]
    at_another = scans.offer(station, "counter-1", number.encode())
    assert await send(client, "/counter/reader", scan=at_another) == (204, "", "")
    scan_id = scans.offer(station, "counter-2", number.encode())
    status, text, _ = await send(client, "/counter/reader", scan=scan_id)
    assert (status, text) == (200, number)
    assert await send(client, "/counter/reader", scan=scan_id) == (204, "", "")
    _, _, where = await send(client, "/counter/scan", code=text)
    assert where == f"/counter/dossiers/{dossier_id}"


async def test_nobody_reads_a_counter_s_scan_before_signing_in(
    station: Station, client: Client
) -> None:
    scan_id = client.app[SCANS].offer(station, "counter-2", SCAN.encode())
    status, page, where = await send(client, "/counter/reader", scan=scan_id)
    assert (status, where) == (303, "/counter/sign-in")
    assert NAME_ON_CARD not in page


async def test_bytes_that_are_no_text_are_no_code(station: Station, client: Client) -> None:
    await enter(client)
    scan_id = client.app[SCANS].offer(station, "counter-2", b"0791|\xff\xfe")
    status, text, _ = await send(client, "/counter/reader", scan=scan_id)
    assert status == 200
    _, _, where = await send(client, "/counter/scan", code=text)
    assert where == "/counter?note=not_read"
