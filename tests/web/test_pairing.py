"""A browser that nobody paired: what it is shown, how it becomes a kiosk, how that ends."""

import re
from http.cookies import SimpleCookie

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from edge_node.domain.pairing import CODE_AGE_S
from edge_node.domain.seats import SeatRules
from edge_node.usecases import pairing, seats
from edge_node.usecases.station import Station
from edge_node.web.keys import SCANS
from edge_node.web.kiosk.routes import ROUTES
from edge_node.web.live import STREAMS
from edge_node.web.pairing import COOKIE_AGE_S
from edge_node.web.seats import SEAT_COOKIE
from tests.web.counter_client import look, send
from tests.web.station import SCAN, TestClock
from tests.web.test_live import listening, read_event

Client = TestClient[web.Request, web.Application]
NOT_SET_UP = "Máy này chưa dùng được"


@pytest.fixture
def required(station: Station) -> Station:
    station.seats = SeatRules(("1", "2"), "required")
    return station


def open_code(station: Station, seat: str = "kiosk-1") -> str:
    return pairing.begin(station, station.officers["minh"], seat).code


async def pair(client: Client, station: Station, seat: str = "kiosk-1") -> None:
    status, _, where = await send(client, "/pair", code=open_code(station, seat))
    assert (status, where) == (303, "/kiosk")


def paths() -> list[tuple[str, str]]:
    """Every route of the kiosk with something in its holes."""
    hole = re.compile(r"\{([^{}]|\{[^}]*\})*\}")
    return [(route.method, hole.sub("1", route.path)) for route in ROUTES]


def problem_of(page: str) -> str:
    found = re.search(r'id="code-error">(.*?)</p>', page, re.DOTALL)
    assert found is not None
    return found[1]


async def test_a_stranger_is_shown_nothing_of_the_kiosk(client: Client, required: Station) -> None:
    scan_id = client.app[SCANS].offer(required, "kiosk-1", SCAN.encode())
    for method, path in paths():
        fields = {"scan": scan_id} if method == "POST" else None
        async with client.request(method, path, data=fields, allow_redirects=False) as response:
            assert response.status == 403, path
            assert NOT_SET_UP in await response.text(), path
    assert client.app[SCANS].claim(required, "kiosk-1", scan_id) == SCAN.encode()


async def test_everything_else_stays_open(client: Client, required: Station) -> None:
    for path in (
        "/display",
        "/customer/1",
        "/counter/sign-in",
        "/pair",
        "/t/AAAA",
        "/api/v1/health",
    ):
        async with client.get(path) as response:
            assert response.status != 403, path


async def test_an_open_station_asks_nobody(client: Client) -> None:
    assert NOT_SET_UP not in await look(client, "/kiosk")


async def test_the_code_makes_a_kiosk(client: Client, required: Station) -> None:
    async with client.post(
        "/pair", data={"code": open_code(required)}, allow_redirects=False
    ) as response:
        cookie = SimpleCookie(response.headers["Set-Cookie"])[SEAT_COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Strict")
    assert int(cookie["max-age"]) == COOKIE_AGE_S
    assert NOT_SET_UP not in await look(client, "/kiosk")
    assert "kiosk 1" in await look(client, "/pair")


async def test_the_cookie_is_renewed_at_home(client: Client, required: Station) -> None:
    await pair(client, required)
    async with client.get("/kiosk") as response:
        assert f"Max-Age={COOKIE_AGE_S}" in response.headers["Set-Cookie"]
    async with client.get("/kiosk/procedures") as response:
        assert "Set-Cookie" not in response.headers


async def test_leaving_the_kiosk_leaves_the_pairing(client: Client, required: Station) -> None:
    await pair(client, required)
    await send(client, "/kiosk/reset")
    assert NOT_SET_UP not in await look(client, "/kiosk")


async def test_opening_the_address_uses_nothing_up(client: Client, required: Station) -> None:
    code = open_code(required)
    assert f'value="{code}"' in await look(client, f"/pair?code={code}")
    assert await seats.paired(required) == {}
    assert (await send(client, "/pair", code=code))[0] == 303


async def test_too_late_and_wrong_are_refused_alike(
    client: Client, required: Station, clock: TestClock
) -> None:
    code = open_code(required)
    status, wrong, _ = await send(client, "/pair", code="0")
    clock.advance(CODE_AGE_S)
    late_status, late, _ = await send(client, "/pair", code=code)
    assert status == late_status == 422
    assert re.findall(r'id="code-error">.*?</p>', wrong) == re.findall(
        r'id="code-error">.*?</p>', late
    )


@pytest.mark.parametrize("path", ["/status/seats", "/status/seats/end"])
async def test_only_officers_pair_and_remove(client: Client, required: Station, path: str) -> None:
    await pair(client, required)
    status, _, where = await send(client, path, seat="kiosk-1")
    assert (status, where) == (303, "/counter/sign-in")
    assert list(await seats.paired(required)) == ["kiosk-1"]
    assert required.pairing is None


async def test_a_page_whose_seat_is_taken_away_loads_itself_again(
    client: Client, required: Station
) -> None:
    await pair(client, required)
    async with listening(client, "kiosk") as response:
        await seats.pair(required, "kiosk-2", "minh")
        required.changes.announce("ticket")
        assert (await read_event(response))["event"] == "ticket"
        await seats.release(required, "kiosk-1", "minh")
        assert (await read_event(response))["event"] == "reload"
        assert await read_event(response) == {}


async def test_a_kiosk_that_is_left_alone_is_still_seen(
    client: Client, required: Station, clock: TestClock
) -> None:
    client.app[STREAMS].heartbeat_s = 0.01
    await pair(client, required)
    async with listening(client, "kiosk") as response:
        clock.advance(3600)
        assert (await read_event(response))["event"] == "ping"
    assert (await seats.paired(required))["kiosk-1"].seen_wall_ms == clock.read().wall_ms
