"""Who has booked types or scans the code and gets a number; who cannot is told why."""

from datetime import timedelta

from aiohttp import web

from edge_node.domain.appointment import CODE_ALPHABET
from edge_node.usecases.queue import appointments
from edge_node.usecases.queue.appointments import Slot
from edge_node.usecases.station import Station
from edge_node.web.keys import SCANS
from tests.usecases import booking_samples
from tests.web.pages import Browser, Page, get, post
from tests.web.station import START, TestClock

ADDRESS = "/kiosk/ticket/appointment"
NINE = START + timedelta(minutes=18)
TOMORROW = START + timedelta(days=1)


async def booked(station: Station, moment: object = NINE, code: str = "") -> str:
    assert isinstance(moment, type(NINE))
    return (await booking_samples.book(station, Slot("residence", moment), "city", code)).code


async def enter(client: Browser, code: str) -> Page:
    page = await get(client, ADDRESS)
    return await post(client, ADDRESS, code=code, key=page.hidden("key"))


async def test_a_code_becomes_a_number(client: Browser, station: Station) -> None:
    code = await booked(station)
    assert ADDRESS in (await get(client, "/kiosk/ticket")).links
    done = await enter(client, f"{code[:3]} {code[3:]}".lower())
    assert (done.status, done.path) == (200, "/kiosk/ticket/done")
    assert "A001" in done.text
    assert (await appointments.find(station, code)).state == "checked_in"


async def test_a_double_press_is_one_number(client: Browser, station: Station) -> None:
    code = await booked(station)
    key = (await get(client, ADDRESS)).hidden("key")
    for _ in range(2):
        assert "A001" in (await post(client, ADDRESS, code=code, key=key)).text


async def test_refusals_have_a_remedy_and_a_way_on(client: Browser, station: Station) -> None:
    today, later, given_up = [
        await booked(station, moment) for moment in (NINE, TOMORROW, NINE + timedelta(minutes=30))
    ]
    await appointments.cancel(station, given_up)
    await enter(client, today)
    for code, words in (
        (today, "đã được lấy số. Xem lại số đã in."),
        (later, "không phải của hôm nay. Đến đúng ngày đã hẹn"),
        (later, "Lịch hẹn: 08:42, Thứ Ba, 24/11/2026."),
        (given_up, "đã hủy. Lấy số thường"),
        ("234567", "Không tìm thấy lịch hẹn này. Xem lại mã"),
        ("", "Không tìm thấy lịch hẹn này."),
        ("x" * 400, "Không tìm thấy lịch hẹn này."),
    ):
        page = await enter(client, code)
        assert (page.status, page.path) == (422, ADDRESS)
        assert words in page.text
        assert "/kiosk/ticket" in page.links
        assert "error." not in page.text
        assert "queue." not in page.text


async def test_both_languages_are_complete(client: Browser) -> None:
    for language, heading in (("vi", "Mã lịch hẹn"), ("en", "Appointment code")):
        page = await get(client, f"{ADDRESS}?lang={language}")
        assert heading in page.text
        assert "queue." not in page.text


async def test_a_scan_by_keyboard_or_reader_is_enough(
    client: Browser, station: Station, clock: TestClock
) -> None:
    app = client.app
    assert isinstance(app, web.Application)
    first = await booked(station, code="K7M3PX")
    done = await post(client, "/kiosk/scan", **{"text": first, "for": "appointment"})
    assert (done.path, "A001" in done.text) == ("/kiosk/ticket/done", True)
    like_a_ticket = await booked(station, code="A23456")
    scan = app[SCANS].offer(station, "kiosk-1", like_a_ticket.encode())
    done = await post(client, "/kiosk/scan", **{"scan": scan, "for": "appointment"})
    assert "A002" in done.text
    refused = await post(client, "/kiosk/scan", **{"text": first, "for": "appointment"})
    assert (refused.status, "đã được lấy số" in refused.text) == (422, True)
    assert set(first) <= set(CODE_ALPHABET)


async def test_a_code_is_understood_on_the_first_screen_but_a_number_is_not_taken_for_one(
    client: Browser, station: Station
) -> None:
    code = await booked(station, code="K7M3PX")
    like_a_ticket = await booked(station, code="A23456")
    assert "A001" in (await post(client, "/kiosk/scan", text=code)).text
    page = await post(client, "/kiosk/scan", text=like_a_ticket)
    assert page.status == 422
    assert (await appointments.find(station, like_a_ticket)).state == "booked"
