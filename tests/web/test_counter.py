"""The counter from sign-in to decision, as its forms are sent."""

import re
from datetime import datetime
from html import unescape

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from edge_node.domain.printing import PrintState
from edge_node.store import print_jobs
from edge_node.usecases import counter, intake, lookup, queue
from edge_node.usecases.counter import Command
from edge_node.usecases.intake import ApplicantInput, Asked, DocumentInput, SubmitDossier
from edge_node.usecases.officers import LOCK_S, MAXIMUM_FAILURES
from edge_node.usecases.station import Station
from edge_node.web.counter_session import SESSION_COOKIE
from tests.web.station import PIN, TestClock

Client = TestClient[web.Request, web.Application]
NAME = "Nguyễn Thị Hoa Mẫu"
PROCEDURE = "res-temporary"


async def send(client: Client, path: str, **fields: str) -> tuple[int, str, str]:
    """Post a form: status, body, and where a redirect leads."""
    async with client.post(path, data=fields, allow_redirects=False) as response:
        text = unescape(await response.text())
        return response.status, text, response.headers.get("Location", "")


async def look(client: Client, path: str) -> str:
    async with client.get(path) as response:
        assert response.status == 200
        return unescape(await response.text())


async def enter(client: Client) -> None:
    status, _, where = await send(client, "/counter/sign-in", officer="minh", pin=PIN)
    assert (status, where) == (303, "/counter")


async def file_dossier(station: Station, key: str = "a", *, complete: bool = False) -> str:
    """A dossier with the first paper only, or with everything; its id."""
    procedure = station.catalogue.procedure(PROCEDURE)
    command = SubmitDossier(
        procedure_id=PROCEDURE,
        applicant=ApplicantInput(full_name=NAME, id_number="079157000012"),
        documents=[
            DocumentInput(id=one.id, have=complete or turn == 0)
            for turn, one in enumerate(procedure.documents)
        ],
    )
    submission = await intake.submit_dossier(station, command, Asked(key, "kiosk"))
    return submission.answer.dossier_id


def value_of(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, f"no field {name}"
    return found[1]


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


async def test_receiving_a_complete_dossier_takes_one_look_and_one_key(
    client: Client, station: Station
) -> None:
    dossier_id = await file_dossier(station, complete=True)
    ticks = _all_papers(station)
    await enter(client)
    address = f"/counter/dossiers/{dossier_id}"
    status, sheet, _ = await send(client, f"{address}/review", do="receive", **ticks)
    assert status == 200
    assert "Tiếp nhận hồ sơ?" in sheet
    key = value_of(sheet, "key")
    form = {"sheet": "receive", "key": key, "reason": "Khai bổ sung tại quầy", **ticks}
    assert await send(client, f"{address}/decide", **form) == (303, "", address)
    page = await look(client, address)
    assert "Đã tiếp nhận" in page
    assert "Ngày trả trên giấy hẹn" in page
    due = datetime.fromisoformat((await lookup.dossier(station, dossier_id)).due_at)
    assert f"{due:%d/%m/%Y}" in page.partition("Ngày trả trên giấy hẹn")[2][:80]
    assert "Chờ in" in page


async def test_looking_changes_nothing(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    for sheet in ("receive", "supplement", "refuse", ""):
        await send(client, f"/counter/dossiers/{dossier_id}/review", do=sheet)
    assert (await lookup.dossier(station, dossier_id)).version == 1


async def test_receiving_with_a_shortage_demands_a_reason(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    address = f"/counter/dossiers/{dossier_id}/decide"
    status, page, _ = await send(client, address, sheet="receive", key="k1")
    assert status == 422
    assert "ghi lý do rồi bấm lại" in page
    assert value_of(page, "key") == "k1"
    assert (await lookup.dossier(station, dossier_id)).state == "submitted"


async def test_the_same_decision_twice_is_one_decision(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    form = {"sheet": "receive", "key": "k1", "reason": "Hẹn nộp sau"}
    for _ in range(2):
        status, _, _ = await send(client, f"/counter/dossiers/{dossier_id}/decide", **form)
        assert status == 303
    dossier = await lookup.dossier(station, dossier_id)
    assert dossier.version == 2
    assert [job.kind for job in dossier.print_jobs].count("appointment_slip") == 1


async def test_a_supplement_lists_everything_missing_at_once(
    client: Client, station: Station
) -> None:
    dossier_id = await file_dossier(station)
    missing = (await lookup.dossier(station, dossier_id)).missing
    await enter(client)
    address = f"/counter/dossiers/{dossier_id}"
    _, sheet, _ = await send(client, f"{address}/review", do="supplement", **{"paper.ct01": "yes"})
    assert "Chỉ được yêu cầu bổ sung một lần." in sheet
    ticked = set(re.findall(r'name="item\.([^"]+)" value="yes"[^>]* checked', sheet))
    assert ticked == set(missing)


async def test_a_supplement_is_not_sent_before_everything_was_looked_at(
    client: Client, station: Station
) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    address = f"/counter/dossiers/{dossier_id}/decide"
    form = {"sheet": "supplement", "key": "k1", "item.document:ct01": "yes", "note": "Bản gốc"}
    status, page, _ = await send(client, address, **form)
    assert status == 422
    assert "luật chỉ cho yêu cầu một lần" in page
    assert "Bản gốc" in page
    assert (await send(client, address, reviewed="yes", **form))[0] == 303
    dossier = await lookup.dossier(station, dossier_id)
    assert (dossier.state, dossier.supplement_requests) == ("supplement_requested", 1)


async def test_an_empty_supplement_is_refused_with_words(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    address = f"/counter/dossiers/{dossier_id}/decide"
    status, page, _ = await send(client, address, sheet="supplement", key="k1", reviewed="yes")
    assert status == 422
    assert "Chọn ít nhất một mục" in page


async def test_a_second_supplement_says_that_it_makes_the_dossier_late(
    client: Client, station: Station
) -> None:
    dossier_id = await file_dossier(station)
    officer = station.officers["minh"]
    first = Command(officer, bytes.fromhex(dossier_id), "k1")
    await counter.request_supplement(station, first, ["document:ct01"], "")
    again = Command(officer, bytes.fromhex(dossier_id), "k2")
    await counter.receive(station, again, {}, "Nhận trước")
    await enter(client)
    address = f"/counter/dossiers/{dossier_id}/review"
    _, sheet, _ = await send(client, address, do="supplement")
    assert "Lần thứ 2: hồ sơ bị tính trễ hạn." in sheet


async def test_refusing_demands_a_reason(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    address = f"/counter/dossiers/{dossier_id}/decide"
    status, page, _ = await send(client, address, sheet="refuse", key="k1")
    assert status == 422
    assert "Chưa ghi lý do." in page
    form = {"sheet": "refuse", "key": "k1", "reason": "Không thuộc thẩm quyền"}
    assert (await send(client, address, **form))[0] == 303
    assert (await lookup.dossier(station, dossier_id)).state == "refused"


async def test_a_decision_that_came_too_late_says_so(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    command = Command(station.officers["minh"], bytes.fromhex(dossier_id), "k1")
    await counter.refuse(station, command, "Không thuộc thẩm quyền")
    await enter(client)
    form = {"sheet": "receive", "key": "k2", "reason": "Hẹn nộp sau"}
    status, page, _ = await send(client, f"/counter/dossiers/{dossier_id}/decide", **form)
    assert status == 422
    assert "Hồ sơ đang ở bước khác" in page


async def test_an_unknown_sheet_is_a_bad_request(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    address = f"/counter/dossiers/{dossier_id}/decide"
    assert (await send(client, address, sheet="delete"))[0] == 400


async def test_a_paper_of_another_dossier_cannot_be_copied(
    client: Client, station: Station
) -> None:
    first, second = await file_dossier(station, "a"), await file_dossier(station, "b")
    job = (await lookup.dossier(station, second)).print_jobs[0].id
    await enter(client)
    assert (await send(client, f"/counter/dossiers/{first}/papers/{job}/copy"))[0] == 404
    status, _, where = await send(client, f"/counter/dossiers/{second}/papers/{job}/copy")
    assert status == 303
    assert "Đã xếp hàng in bản sao" in await look(client, where)


async def test_every_print_state_says_what_to_do(
    client: Client, station: Station, clock: TestClock
) -> None:
    dossier_id = await file_dossier(station)
    command = Command(station.officers["minh"], bytes.fromhex(dossier_id), "k1")
    job = (await counter.receive(station, command, {}, "Hẹn nộp sau")).print_job
    await enter(client)
    words = {
        PrintState.QUEUED: "Tự in ngay khi máy in rảnh.",
        PrintState.SENT: "chưa có trả lời",
        PrintState.FAILED: "Chắc chắn chưa có giấy ra.",
        PrintState.UNKNOWN: "Nhìn khay giấy.",
        PrintState.PRINTED: "Đã in xong",
    }
    for state, text in words.items():
        await _becomes(station, job, state)
        page = await look(client, f"/counter/dossiers/{dossier_id}")
        assert text in page
        may_copy = state in {PrintState.UNKNOWN, PrintState.PRINTED}
        assert ("In bản sao" in page) == may_copy
    await _becomes(station, job, PrintState.FAILED)
    clock.advance(31 * 60)
    assert "không tự in nữa" in await look(client, f"/counter/dossiers/{dossier_id}")


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


async def _becomes(station: Station, job: int, state: PrintState) -> None:
    moment = station.moment()
    await station.store.write(
        moment, lambda transaction: print_jobs.set_state(transaction, job, state)
    )


def _all_papers(station: Station) -> dict[str, str]:
    procedure = station.catalogue.procedure(PROCEDURE)
    return {f"paper.{one.id}": "yes" for one in procedure.documents}
