"""The kiosk's frame: waiting screen, hours, calm lines, help bar, settings, paper to take home."""

import dataclasses
import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from edge_node.documents import model
from edge_node.domain.retention import DiskLevel
from edge_node.usecases.kiosk import help as staff
from edge_node.usecases.kiosk.papers_list import MAXIMUM_KEYS, Pressed
from edge_node.usecases.station import Station
from hardware.ports import ClockReading
from tests.web.pages import Browser, get, identify, post
from tests.web.station import TestClock, make_app, open_station


class WrongClock(TestClock):
    """A machine whose battery is empty."""

    __test__ = False

    def read(self) -> ClockReading:
        return super().read()._replace(quality=0)


async def client_of(station: Station) -> TestClient:  # type: ignore[type-arg]
    server = TestServer(make_app(station))
    await server.start_server()
    jar = CookieJar(unsafe=True, treat_as_secure_origin=[URL(str(server.make_url("/"))).origin()])
    return TestClient(server, cookie_jar=jar, headers={"Sec-Fetch-Site": "same-origin"})


@pytest.fixture
async def wrong_clock(tmp_path: Path) -> AsyncIterator[Browser]:
    async with open_station(tmp_path, WrongClock()) as station, await client_of(station) as client:
        yield client


async def test_the_waiting_screen_says_how_long_the_desk_is_open(client: Browser) -> None:
    page = await get(client, "/kiosk/welcome")
    assert "Chạm vào màn\u00a0hình" in page.html
    assert "Nhận hồ sơ đến 11:30" in page.text
    assert [one for one in page.links if "lang" in one] == ["/kiosk?lang=vi", "/kiosk?lang=en"]


@pytest.mark.parametrize(
    ("seconds", "home", "waiting"),
    [
        (2 * 3600 + 20 * 60, "Sắp hết giờ nhận hồ sơ: đến 11:30.", "11:30"),
        (3 * 3600, "Mở lại lúc 13:00 hôm nay.", "Mở lại lúc 13:00 hôm nay."),
        (10 * 3600, "Mở lại lúc 07:30, Thứ Tư, 25/11/2026.", "We open again at 07:30, Wednesday"),
    ],
)
async def test_hours_are_told_and_refuse_nobody(
    client: Browser, clock: TestClock, seconds: int, home: str, waiting: str
) -> None:
    clock.advance(seconds)
    page = await get(client, "/kiosk")
    assert home in page.text
    assert "/kiosk/procedures/res-temporary" in page.links
    assert waiting in (await get(client, "/kiosk/welcome")).text
    assert (await identify(client)).path.startswith("/kiosk/questions/")


async def test_a_clock_that_is_wrong_promises_nothing(wrong_clock: Browser) -> None:
    page = await get(wrong_clock, "/kiosk")
    assert "Ngày hẹn do cán bộ ghi." in page.text
    assert "08:42" not in page.text
    waiting = await get(wrong_clock, "/kiosk/welcome")
    assert "08:42" not in waiting.text
    assert "11:30" not in waiting.text


async def test_a_kiosk_being_looked_after_shows_the_way_to_the_counter(
    client: Browser, station: Station
) -> None:
    station.policy = msgspec.structs.replace(station.policy, kiosk_maintenance=True)
    page = await get(client, "/kiosk/welcome")
    assert "Xin lấy số tại quầy 1." in page.text
    assert "/kiosk?lang=vi" not in page.links
    station.policy = msgspec.structs.replace(station.policy, kiosk_maintenance=False)
    station.room.level = DiskLevel.FULL
    assert "Xin lấy số tại quầy 1." in (await get(client, "/kiosk/welcome")).text


async def test_settings_of_one_reader_end_with_the_visit(client: Browser) -> None:
    await get(client, "/kiosk?text=large&reach=low&sound=aloud&lang=en")
    assert '<html lang="en"' in (page := await get(client, "/kiosk/procedures")).html
    assert 'class="large low aloud"' in page.html
    await get(client, "/kiosk?reach=full")
    assert 'class="large aloud"' in (await get(client, "/kiosk/procedures")).html
    await get(client, "/kiosk/welcome")
    page = await get(client, "/kiosk")
    assert re.search(r'<html lang="vi" data-release="[0-9a-f]+">', page.html)


async def test_somebody_is_called_once_and_the_call_taken_back(
    client: Browser, station: Station
) -> None:
    page = await get(client, "/kiosk/procedures")
    key = page.hidden("key")
    for _ in range(2):
        page = await post(client, "/kiosk/help", key=key, **{"from": "/kiosk/procedures"})
    assert page.path == "/kiosk/procedures"
    assert "Đã gọi cán bộ." in page.text
    assert len(await staff.open_calls(station)) == 1
    assert "Đã gọi cán bộ." in (await get(client, "/kiosk/help")).text
    page = await post(client, "/kiosk/help/cancel", **{"from": "/kiosk"})
    assert "Gọi cán bộ giúp" in page.text
    assert await staff.open_calls(station) == []


async def test_the_bar_changes_when_somebody_is_on_the_way(
    client: Browser, station: Station
) -> None:
    page = await post(client, "/kiosk/help", key="a" * 32, **{"from": "https://example.net/"})
    assert page.path == "/kiosk", "only a page of the kiosk is gone back to"
    [call] = await staff.open_calls(station)
    await staff.answer(station, call.call)
    page = await get(client, "/kiosk/help?from=/kiosk/find")
    assert "Đã gọi cán bộ." not in page.text
    assert 'name="from" value="/kiosk/find"' in page.html
    assert "Đã gọi cán bộ." not in (await get(client, "/kiosk")).text


async def jobs(station: Station) -> list[tuple[str, str]]:
    return await station.store.read(
        lambda connection: connection.execute("SELECT kind, slip FROM print_job").fetchall()
    )


async def test_the_list_of_papers_is_printed_once_per_press(
    client: Browser, station: Station
) -> None:
    page = await get(client, "/kiosk/procedures/res-temporary")
    assert "Chưa đủ, in danh sách" in page.text
    key = page.hidden("key")
    await post(client, "/kiosk/procedures/res-temporary/papers", key=key)
    done = await post(client, "/kiosk/procedures/res-temporary/papers", key=key)
    assert done.status == 200
    assert "Đang in giấy." in done.text
    [(kind, text)] = await jobs(station)
    slip = msgspec.json.decode(text, type=model.PapersList)
    assert kind == "papers_list"
    assert slip.request == "Đăng ký tạm trú"
    assert slip.fee == "15.000\u00a0đ"
    assert slip.hours == "Ngày làm việc 07:30–11:30, 13:00–17:00"
    assert slip.papers[0].name.startswith("Tờ khai")
    assert {paper.form for paper in slip.papers} == {None}, "the catalogue does not say which"
    assert "Chỉ cần khi cán bộ không tra cứu được" in [paper.note for paper in slip.papers]
    other = await post(client, "/kiosk/procedures/res-temporary/papers", key="b" * 32)
    assert other.status == 200
    assert len(await jobs(station)) == 2
    assert (await post(client, "/kiosk/procedures/res-temporary/papers")).status == 400


async def test_a_job_that_is_no_list_is_not_told_of(client: Browser) -> None:
    page = await get(client, "/kiosk/procedures/res-temporary/papers/999999")
    assert "Máy chưa in được giấy." in page.text


def test_only_the_latest_presses_are_remembered() -> None:
    pressed = Pressed()
    for number in range(MAXIMUM_KEYS + 1):
        pressed.keep(str(number), number)
    assert len(pressed.jobs) == MAXIMUM_KEYS
    assert "0" not in pressed.jobs


async def test_the_worker_of_the_restart_page_names_what_it_keeps(client: Browser) -> None:
    async with client.get("/service-worker.js") as answer:
        text = await answer.text()
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Content-Type"].startswith("text/javascript")
    facts = msgspec.json.decode(text.partition(";\n")[0].removeprefix("const FACTS = "))
    assert facts["page"] == "/restarting"
    page = await get(client, "/restarting")
    assert "Trạm đang khởi động lại." in page.text
    assert "The station is restarting." in page.text
    for address in facts["files"]:
        assert address in page.html
        async with client.get(address) as answer:
            assert answer.status == 200


async def test_the_scanner_key_is_the_station_s_setting(station: Station) -> None:
    assert 'data-scan-prefix="F8"' in await _home(station)
    changed = dataclasses.replace(
        station, policy=msgspec.structs.replace(station.policy, scanner_prefix="F7")
    )
    assert 'data-scan-prefix="F7"' in await _home(changed)


async def _home(station: Station) -> str:
    async with TestClient(TestServer(make_app(station))) as client, client.get("/kiosk") as answer:
        return await answer.text()
