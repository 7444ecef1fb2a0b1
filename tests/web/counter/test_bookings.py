"""An officer books a visit, reads the code out, and gives a place back."""

import re

from edge_node.domain.queue_rules import PLACES_PER_SLOT
from edge_node.usecases.intake import Asked, check_in
from edge_node.usecases.queue import appointments
from edge_node.usecases.station import Station
from tests.web.counter_client import Client, enter, look, send, value_of

ADDRESS = "/counter/bookings"
DAY = "2026-11-23"
NINE = f"{DAY}T09:00:00+07:00"
SHOWN = f"{ADDRESS}?service=residence&day={DAY}"


async def book(client: Client, key: str, booked_for: str = NINE) -> tuple[int, str, str]:
    fields = {"service": "residence", "day": DAY, "booked_for": booked_for, "key": key}
    return await send(client, ADDRESS, **fields)


async def test_free_times_are_offered_from_the_workspace(client: Client) -> None:
    await enter(client)
    assert f'href="{ADDRESS}"' in await look(client, "/counter")
    page = await look(client, ADDRESS)
    assert f'value="{NINE}"' in page
    assert "T08:30:00" not in page, "what has begun is over"
    assert f"còn {PLACES_PER_SLOT}" in page
    assert "Chưa có lịch hẹn nào" in page
    assert len(value_of(page, "key")) == 32
    assert "queue.appointment" not in page + await look(client, f"{ADDRESS}?lang=en")


async def test_a_booking_shows_its_code_once_per_form(client: Client, station: Station) -> None:
    await enter(client)
    status, _, where = await book(client, "k")
    assert (status, (await book(client, "k"))[2]) == (303, where)
    rows = await appointments.of_day(station, DAY)
    assert where == f"{SHOWN}&booked={rows[0].code}"
    assert [one.source for one in rows] == ["officer"]
    page = await look(client, where)
    assert f'data-code="{rows[0].code}"' in page
    assert re.search(r"09:00</b></td><td>Cư trú", page)
    assert "data-code" not in await look(client, f"{SHOWN}&booked=234567")


async def test_a_refusal_keeps_the_page_and_says_what_to_do(client: Client) -> None:
    await enter(client)
    for key in range(PLACES_PER_SLOT):
        await book(client, f"k{key}")
    for booked_for, words in (
        (NINE, "đã đủ người hẹn. Chọn khung giờ khác."),
        (f"{DAY}T12:00:00+07:00", "Không đặt được lịch hẹn vào lúc này."),
        ("tomorrow", "trong 30 ngày tới"),
        (f"{DAY}T09:30:00", "Không đặt được"),
    ):
        status, page, _ = await book(client, "late", booked_for)
        assert (status, words in page) == (422, True), booked_for
        assert f'value="{NINE}"' not in page
    status, page, _ = await send(client, f"{ADDRESS}/cancel", code="234567")
    assert (status, "Không tìm thấy lịch hẹn này." in page) == (422, True)


async def test_a_place_is_given_back_unless_it_was_used(client: Client, station: Station) -> None:
    await enter(client)
    await book(client, "a")
    code = (await appointments.of_day(station, DAY))[0].code
    _, _, where = await send(client, f"{ADDRESS}/cancel", code=code, service="residence")
    assert where == f"{SHOWN}&cancelled={code}"
    assert f"Đã hủy lịch hẹn {code}" in await look(client, where)
    await book(client, "b")
    used = next(one for one in await appointments.of_day(station, DAY) if one.state == "booked")
    await check_in(station, used.code, Asked("k", "kiosk"))
    status, page, _ = await send(client, f"{ADDRESS}/cancel", code=used.code, day=DAY)
    assert (status, "đã được lấy số" in page) == (422, True)
    assert "Đã lấy số" in page


async def set_in_print(station: Station, column: str, value: str) -> None:
    await station.store.write(
        station.moment(),
        lambda transaction: transaction.connection.execute(
            f"UPDATE print_job SET {column} = ?",  # noqa: S608 - the test's own words
            (value,),
        ),
    )


async def slips(station: Station) -> list[tuple[str, int | None]]:
    return await station.store.read(
        lambda connection: connection.execute(
            "SELECT kind, copy_of FROM print_job ORDER BY id"
        ).fetchall()
    )


async def test_the_page_says_what_becomes_of_the_slip(client: Client, station: Station) -> None:
    await enter(client)
    _, _, where = await book(client, "k")
    for state, words in (
        ("queued", "Phiếu hẹn: Chờ in"),
        ("printed", "Phiếu hẹn: Đã in xong"),
        ("failed", "Phiếu hẹn: Chưa in được"),
    ):
        await set_in_print(station, "state", state)
        page = await look(client, where)
        assert words in page
        assert "data-code=" in page, "the code is read out whatever the printer does"
    assert "Máy tự in lại khi máy in sẵn sàng" in await look(client, where)
    await set_in_print(station, "created_at", f"{DAY}T08:11:00+07:00")
    assert "Quá 30 phút nên máy không tự in nữa." in await look(client, where)
    assert "Slip: " in await look(client, f"{where}&lang=en")


async def test_a_lost_slip_is_printed_again_as_a_copy(client: Client, station: Station) -> None:
    await enter(client)
    _, _, where = await book(client, "k")
    code = where.rpartition("=")[2]
    assert f'id="print-{code}"' in await look(client, where)
    fields = {"code": code, "service": "residence", "day": DAY}
    assert (await send(client, f"{ADDRESS}/print", **fields))[::2] == (303, where)
    assert await slips(station) == [("booking_slip", None)], "it is coming already"
    await set_in_print(station, "state", "printed")
    assert (await send(client, f"{ADDRESS}/print", **fields))[::2] == (303, where)
    assert await slips(station) == [("booking_slip", None), ("booking_slip", 1)]
    await send(client, f"{ADDRESS}/cancel", **fields)
    status, page, _ = await send(client, f"{ADDRESS}/print", **fields)
    assert (status, 'class="problem-line" role="alert"' in page) == (422, True)
    assert f'id="print-{code}"' not in page
    assert len(await slips(station)) == 2


async def test_nobody_books_without_signing_in(client: Client, station: Station) -> None:
    assert (await book(client, "k"))[2] == "/counter/sign-in"
    assert (await send(client, f"{ADDRESS}/print", code="234567"))[2] == "/counter/sign-in"
    assert await appointments.of_day(station, DAY) == []
