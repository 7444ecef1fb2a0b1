"""The counter from sign-in to search, as its forms are sent."""

import re

import pytest

from edge_node.usecases import lookup, queue
from edge_node.usecases.officers import LOCK_S, MAXIMUM_FAILURES
from edge_node.usecases.station import Station
from edge_node.web.counter.session import SESSION_COOKIE
from tests.web.counter_client import (
    NAME,
    Client,
    enter,
    file_dossier,
    look,
    send,
    value_of,
)
from tests.web.station import PIN, TestClock


async def test_whoever_has_not_signed_in_is_led_to_the_door(client: Client) -> None:
    for path in ("/counter", "/counter/dossiers", f"/counter/dossiers/{'0' * 32}"):
        async with client.get(path, allow_redirects=False) as response:
            assert response.status == 303
            assert response.headers["Location"] == "/counter/sign-in"
    for path in ("/counter/call", "/counter/search"):
        assert (await send(client, path))[0] == 303


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: Client,
) -> None:
    form = {"officer": "minh", "pin": PIN}
    async with client.post("/counter/sign-in", data=form, allow_redirects=False) as response:
        cookie = response.headers["Set-Cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    for flag in ("HttpOnly", "Secure", "SameSite=Strict"):
        assert flag in cookie


async def test_a_wrong_pin_says_how_many_tries_are_left_and_what_to_do(client: Client) -> None:
    status, page, _ = await send(client, "/counter/sign-in", officer="minh", pin="000000")
    assert status == 422
    assert "Sai mã PIN. Còn 4 lần thử. Quên mã: gặp đội trưởng" in page


@pytest.mark.parametrize(
    ("officer", "pin", "words"),
    [
        ("minh", "12345", "Mã PIN có 6 chữ số."),
        ("minh", "abcdef", "Mã PIN có 6 chữ số."),
        ("", PIN, "Chọn tên của mình."),
        ("nobody", PIN, "Chọn tên của mình."),
    ],
)
async def test_an_ill_formed_sign_in_says_what_is_missing(
    client: Client, officer: str, pin: str, words: str
) -> None:
    status, page, _ = await send(client, "/counter/sign-in", officer=officer, pin=pin)
    assert status == 422
    assert words in page


async def test_too_many_wrong_pins_mean_a_wait_and_never_a_lock(
    client: Client, clock: TestClock
) -> None:
    for _ in range(MAXIMUM_FAILURES):
        await send(client, "/counter/sign-in", officer="minh", pin="000000")
    status, page, _ = await send(client, "/counter/sign-in", officer="minh", pin=PIN)
    assert status == 422
    assert f"Xin chờ {LOCK_S} giây rồi thử lại" in page
    clock.advance(LOCK_S + 1)
    await enter(client)


async def test_signing_out_ends_the_session(client: Client) -> None:
    await enter(client)
    assert (await send(client, "/counter/sign-out"))[2] == "/counter/sign-in"
    async with client.get("/counter", allow_redirects=False) as response:
        assert response.status == 303


async def test_an_ended_session_says_so(client: Client, clock: TestClock) -> None:
    await enter(client)
    clock.advance(13 * 3600)
    page = await look(client, "/counter")
    assert "Phiên làm việc đã hết" in page


async def test_calling_shows_the_dossier_of_the_number(client: Client, station: Station) -> None:
    await file_dossier(station)
    await enter(client)
    page = await look(client, "/counter")
    assert "Đang chờ: 1" in page
    assert (await send(client, "/counter/call", seen=""))[2] == "/counter"
    page = await look(client, "/counter")
    assert "<b>A001</b>" in page
    assert NAME in page
    assert "Đủ giấy tờ bắt buộc" in page


async def test_a_paper_that_a_look_up_replaces_is_asked_for_only_because_there_is_no_network(
    client: Client, station: Station
) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    page = await look(client, f"/counter/dossiers/{dossier_id}")
    assert "hỏi vì mất mạng, chưa tra cứu được" in page
    row = page.partition('name="paper.dwelling"')[2].partition("</li>")[0]
    assert "khi cần" in row
    assert "Thiếu" not in row


async def test_a_missing_paper_is_counted(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    _, page, _ = await send(client, f"/counter/dossiers/{dossier_id}/review", do="")
    assert "Còn thiếu 1 giấy tờ" in page


async def test_a_repeated_call_never_skips_a_person(client: Client, station: Station) -> None:
    await file_dossier(station, "a")
    await file_dossier(station, "b")
    await enter(client)
    await send(client, "/counter/call", seen="")
    status, _, where = await send(client, "/counter/call", seen="")
    assert (status, where) == (303, "/counter?note=moved")
    assert "<b>A001</b>" in await look(client, where)


async def test_an_undecided_person_is_asked_about_first(client: Client, station: Station) -> None:
    await file_dossier(station, "a")
    await file_dossier(station, "b")
    await enter(client)
    await send(client, "/counter/call", seen="")
    seen = value_of(await look(client, "/counter"), "seen")
    _, _, where = await send(client, "/counter/call", seen=seen)
    assert where == "/counter?ask=next"
    assert "Đã xong A001?" in await look(client, where)
    await send(client, "/counter/call", seen=seen, outcome="no_show")
    page = await look(client, "/counter")
    assert "<b>A002</b>" in page
    assert "Tạm vắng" in page


async def test_nobody_left_to_call_is_said(client: Client) -> None:
    await enter(client)
    _, _, where = await send(client, "/counter/call", seen="")
    assert "Không còn ai chờ để gọi." in await look(client, where)


async def test_recalling_ends_after_three_calls(client: Client, station: Station) -> None:
    await file_dossier(station)
    await enter(client)
    await send(client, "/counter/call", seen="")
    for _ in range(queue.MAXIMUM_CALLS - 1):
        seen = value_of(await look(client, "/counter"), "seen")
        assert (await send(client, "/counter/recall", seen=seen))[2] == "/counter"
    seen = value_of(await look(client, "/counter"), "seen")
    _, _, where = await send(client, "/counter/recall", seen=seen)
    assert "Không thấy người thì bấm Vắng mặt" in await look(client, where)


async def test_the_identity_number_is_never_whole(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    page = await look(client, f"/counter/dossiers/{dossier_id}")
    assert "079157000012" not in page
    assert "079•••••0012" in page


@pytest.mark.parametrize("query", ["hoa mau", "HOA", "nguyen thi"])
async def test_a_name_is_found_without_accents(
    client: Client, station: Station, query: str
) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    _, _, where = await send(client, "/counter/search", query=query)
    assert where == f"/counter/dossiers/{dossier_id}"


async def test_a_number_as_read_from_the_slip_is_found(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    number = (await lookup.dossier(station, dossier_id)).dossier_no
    await enter(client)
    _, _, where = await send(client, "/counter/search", query=number.lower())
    assert where == f"/counter/dossiers/{dossier_id}"


async def test_several_hits_are_listed_and_none_has_a_remedy(
    client: Client, station: Station
) -> None:
    await file_dossier(station, "a")
    await file_dossier(station, "b")
    await enter(client)
    _, page, _ = await send(client, "/counter/search", query="mau")
    assert "2 hồ sơ tìm thấy" in page
    _, page, _ = await send(client, "/counter/search", query="khong co ai")
    assert "Chưa thấy hồ sơ nào" in page
    assert "Thử gõ ít chữ hơn" in page


async def test_the_chip_never_says_sent_while_anything_waits(
    client: Client, station: Station
) -> None:
    await enter(client)
    await file_dossier(station)
    page = await look(client, "/counter")
    assert "1 hồ sơ chờ gửi, đã lưu" in page
    assert "đã gửi hết" not in page


async def test_a_foreign_page_cannot_decide(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    async with client.post(
        f"/counter/dossiers/{dossier_id}/decide",
        data={"sheet": "refuse", "key": "k1", "reason": "x"},
        headers={"Sec-Fetch-Site": "cross-site"},
    ) as response:
        assert response.status == 403
    assert (await lookup.dossier(station, dossier_id)).state == "submitted"


async def test_english_is_complete(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    page = await look(client, f"/counter/dossiers/{dossier_id}?lang=en")
    assert "Before you receive" in page
    assert not re.search(r">[^<]*\b(counter|dossier|print|custody|history)\.[a-z_]+[^<]*<", page)
