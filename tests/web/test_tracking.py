"""The page on a phone: small, in words, without a person, on Wi-Fi nothing else."""

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edge_node.usecases import intake, queue, tracking
from edge_node.usecases.intake import Asked
from edge_node.usecases.station import Station
from edge_node.web.phone import create_phone_app
from edge_node.web.tracking import MAXIMUM_PAGE_BYTES
from sync.rate_limit import BURST_LOOKS
from tests.usecases.samples import submit

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def phone(station: Station) -> AsyncIterator[Client]:
    async with TestClient(TestServer(create_phone_app(station))) as opened:
        yield opened


async def number(station: Station, key: str = "a") -> str:
    await intake.take_ticket(station, "residence", Asked(key, "kiosk"))
    return await tracking.token_of_ticket(station, 1, station.moment().day)


async def look(client: Client, token: str, query: str = "") -> str:
    async with client.get(f"/t/{token}{query}") as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in response.headers
        return await response.text()


async def test_a_number_on_the_phone(phone: Client, station: Station) -> None:
    token = await number(station)
    page = await look(phone, token)
    assert "<b>A001</b>" in page
    assert "Người trước quý vị" in page
    assert 'http-equiv="refresh"' in page
    assert "<script" not in page
    await queue.call_next(station, station.officers["minh"])
    called = await look(phone, token, "?lang=en")
    assert "Please go to counter 2." in called
    assert called.index("Last called") < called.index("Counter")


async def test_a_dossier_on_the_phone_says_nothing_of_the_person(
    phone: Client, station: Station
) -> None:
    answer = await submit(station)
    token = tracking.token_of_dossier(bytes.fromhex(answer.dossier_id))
    page = await look(phone, token)
    assert answer.dossier_no in page
    assert 'aria-current="step">Đã gửi, chờ cán bộ nhận<' in page
    assert ">Đã tiếp nhận<" not in page
    assert "Cập nhật lúc 08:42" in page
    for personal in ("Nguyễn", "Mẫu", "079190000017", "0901234567", "Ví Dụ"):
        assert personal not in page


async def test_everything_together_is_small(phone: Client, station: Station) -> None:
    answer = await submit(station)
    token = tracking.token_of_dossier(bytes.fromhex(answer.dossier_id))
    page = await look(phone, token)
    total = len(page.encode())
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        async with phone.get(address) as response:
            assert response.status == 200
            total += len(await response.read())
    assert total <= MAXIMUM_PAGE_BYTES


async def test_what_is_not_known_is_said_in_words(phone: Client, station: Station) -> None:
    for token in ("D" + "A" * 26, "nothing", await number(station) + "A"):
        async with phone.get(f"/t/{token}") as response:
            assert response.status == 404
            assert "Không tìm thấy" in await response.text()


async def test_an_address_may_look_so_often_only(phone: Client, station: Station) -> None:
    token = await number(station)
    for _ in range(BURST_LOOKS):
        await look(phone, token)
    async with phone.get(f"/t/{token}") as response:
        assert response.status == 429
        assert int(response.headers["Retry-After"]) > 0
        assert "Xin thử lại" in await response.text()


@pytest.mark.parametrize(
    "path", ["/", "/kiosk", "/counter", "/display", "/status", "/api/v1/procedures", "/metrics"]
)
async def test_a_phone_reaches_nothing_else(phone: Client, path: str) -> None:
    async with phone.get(path) as response:
        assert response.status == 404
    async with phone.post(path, data={}) as response:
        assert response.status == 405


async def test_a_phone_gets_no_other_file(phone: Client, station: Station) -> None:
    page = await look(phone, await number(station))
    found = re.search(r'href="(/static/[^"]+)/css/phone.css"', page)
    assert found is not None
    async with phone.get(f"{found[1]}/js/core.js") as response:
        assert response.status == 404


async def test_the_stations_own_server_has_the_page_too(client: Client, station: Station) -> None:
    assert "<b>A001</b>" in await look(client, await number(station))


async def test_a_slips_code_is_checked_on_the_phone_too(phone: Client) -> None:
    async with phone.get("/R/AAAA") as response:
        page = await response.text()
        assert response.status == 200
    assert "/t/" not in page


async def test_the_number_on_paper_leads_to_its_page(phone: Client, station: Station) -> None:
    token = await number(station)
    assert await tracking.token_of_number(station, "A001") == token
    assert await tracking.token_of_number(station, "A002") == ""
