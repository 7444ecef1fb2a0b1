"""The counter's doors as forms: locking, opening again, taking over, a new PIN, a role too few."""

import re

import pytest

from edge_node.domain.officer import Role
from edge_node.usecases import officers
from edge_node.usecases.decisions import claims
from edge_node.usecases.officers import pins
from edge_node.usecases.station import Station
from edge_node.web.counter.gate import DEVICE_COOKIE, place
from edge_node.web.counter.session import REFRESH_HEADER
from tests.usecases.officer_samples import chief_of, join
from tests.web.counter_client import Client, enter, file_dossier, look, send
from tests.web.station import PIN, TestClock

NEW_PIN = "739215"


async def test_a_locked_screen_shows_nothing_and_goes_on_where_it_was(
    client: Client, station: Station
) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    here = f"/counter/dossiers/{dossier_id}"
    _, _, where = await send(client, "/counter/lock", back=here)
    assert where == f"/counter/locked?back={here}"
    page = await look(client, where)
    assert "Màn hình đã khóa" in page
    assert "Hoa Mẫu" not in page
    async with client.get(here, allow_redirects=False) as response:
        assert response.headers["Location"] == where
    status, page, _ = await send(client, "/counter/locked", officer="minh", pin="000000", back=here)
    assert status == 422
    assert "Sai mã PIN. Còn 4 lần thử." in page
    assert await send(client, "/counter/locked", officer="minh", pin=PIN, back=here) == (
        303,
        "",
        here,
    )
    assert "Hoa Mẫu" in await look(client, here)


async def test_a_form_sent_to_a_locked_screen_is_refused_with_the_door(
    client: Client, station: Station, clock: TestClock
) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    clock.advance(station.policy.lock_after_s)
    status, page, _ = await send(client, f"/counter/dossiers/{dossier_id}/review", do="refuse")
    assert status == 423
    assert "Màn hình đã khóa" in page
    headers = {REFRESH_HEADER: "1"}
    async with client.get("/counter", headers=headers, allow_redirects=False) as response:
        assert (response.status, await response.text()) == (423, "")
    async with client.post("/counter/awake") as response:
        assert response.status == 423


async def test_a_colleague_goes_on_at_the_same_counter(client: Client, station: Station) -> None:
    join(station, "lan", "Phạm Thị Lan", "7")
    await enter(client)
    await send(client, "/counter/lock")
    page = await look(client, "/counter/locked")
    assert "làm tiếp tại quầy 2" in page
    await send(client, "/counter/locked", officer="lan", pin=PIN)
    page = await look(client, "/counter")
    assert "Phạm Thị Lan" in page
    assert "Quầy 2" in page


async def test_a_pin_from_the_chief_is_changed_before_anything_else(
    client: Client, station: Station
) -> None:
    pin = await pins.draw(station, chief_of(station), "minh")
    form = {"officer": "minh", "pin": pin}
    assert (await send(client, "/counter/sign-in", **form))[2] == "/counter/pin"
    async with client.get("/counter", allow_redirects=False) as response:
        assert response.headers["Location"] == "/counter/pin"
    change = {"pin": pin, "new": NEW_PIN, "again": "739216"}
    status, page, _ = await send(client, "/counter/pin", **change)
    assert status == 422
    assert "không giống nhau" in page
    status, page, _ = await send(client, "/counter/pin", pin=pin, new="123456", again="123456")
    assert "quá dễ đoán" in page
    change["again"] = NEW_PIN
    assert (await send(client, "/counter/pin", **change))[2] == "/counter?note=pin_changed"
    assert "Đã đặt mã PIN mới" in await look(client, "/counter?note=pin_changed")
    assert await officers.sign_in(station, "minh", NEW_PIN)


async def test_a_technician_sees_the_status_and_no_dossier(
    client: Client, station: Station
) -> None:
    join(station, "kim", "Võ Kim", "", (Role.TECHNICIAN,))
    form = {"officer": "kim", "pin": PIN}
    assert (await send(client, "/counter/sign-in", **form))[2] == "/status"
    for path in ("/counter", "/counter/dossiers", "/chief", "/chief/officers"):
        async with client.get(path) as response:
            assert response.status == 422
            assert "không có quyền" in await response.text()


async def test_the_browser_s_cookie_is_not_the_session_s(client: Client) -> None:
    async with client.get("/counter/sign-in") as response:
        cookie = next(one for one in response.headers.getall("Set-Cookie") if DEVICE_COOKIE in one)
    assert "HttpOnly" in cookie
    assert "Secure" in cookie
    await enter(client)
    async with client.get("/counter/sign-in") as response:
        assert DEVICE_COOKIE not in str(response.headers.getall("Set-Cookie", []))


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/status", "/counter/../x", "", "/counter?x=1"],
)
def test_the_door_leads_to_our_own_pages_only(path: str) -> None:
    assert place(path) == "/counter"


async def test_nothing_of_a_search_or_a_scan_is_in_an_address(
    client: Client, station: Station
) -> None:
    await file_dossier(station, "a")
    await file_dossier(station, "b")
    await enter(client)
    status, page, where = await send(client, "/counter/search", query="hoa mau")
    assert (status, where) == (200, "")
    assert page.count("Hoa Mẫu") == 2
    status, page, where = await send(client, "/counter/scan", code="rubbish")
    assert where == "/counter?note=not_read"
    assert "Mã vừa quét không phải" in await look(client, where)
    card = "079157000012||NGUYỄN THỊ HOA MẪU|05031957|Nữ|Bà Rịa|10052021"
    status, page, where = await send(client, "/counter/scan", code=card)
    assert page.count("Hoa Mẫu") == 2


@pytest.mark.parametrize("name", ["overdue", "due-today", "to-receive", "newest", "result-here"])
async def test_every_list_opens(client: Client, station: Station, name: str) -> None:
    await file_dossier(station)
    await enter(client)
    page = await look(client, f"/counter/dossiers/list/{name}?page=1")
    assert 'aria-current="page"' in page
    assert not re.search(r">[^<]*\bdesk\.[a-z_.]+[^<]*<", page)


async def test_an_unknown_list_is_no_page(client: Client) -> None:
    await enter(client)
    async with client.get("/counter/dossiers/list/secret") as response:
        assert response.status == 404


async def test_somebody_else_at_work_is_shown_and_taken_over_openly(
    client: Client, station: Station
) -> None:
    dossier_id = await file_dossier(station)
    join(station, "lan", "Phạm Thị Lan", "7")
    here = f"/counter/dossiers/{dossier_id}"
    await claims.claim(station, station.officers["minh"], bytes.fromhex(dossier_id))
    await send(client, "/counter/sign-in", officer="lan", pin=PIN)
    page = await look(client, here)
    assert "Quầy 2 đang làm hồ sơ này" in page
    assert 'value="receive"' not in page
    _, _, where = await send(client, f"{here}/take-over")
    page = await look(client, where)
    assert "Quầy này đang làm hồ sơ" in page
    assert 'value="receive"' in page


async def test_whoever_leaves_lets_the_dossiers_go(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    minh = station.officers["minh"]
    await enter(client)
    await look(client, f"/counter/dossiers/{dossier_id}")
    assert await claims.holder(station, minh, bytes.fromhex(dossier_id)) is not None
    await send(client, "/counter/sign-out")
    assert await claims.holder(station, minh, bytes.fromhex(dossier_id)) is None
