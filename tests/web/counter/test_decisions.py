"""Receive, supplement, refuse, print again: looked at first, stored once."""

import re
from datetime import datetime

from edge_node.domain.printing import PrintState
from edge_node.store import print_jobs
from edge_node.usecases import lookup
from edge_node.usecases.decisions import closing, receiving, supplement
from edge_node.usecases.decisions.command import Command
from edge_node.usecases.decisions.receiving import Lacking
from edge_node.usecases.decisions.supplement import Request
from edge_node.usecases.station import Station
from tests.web.counter_client import (
    PROCEDURE,
    Client,
    enter,
    file_dossier,
    look,
    send,
    value_of,
)
from tests.web.station import TestClock

TODAY = {"rest_due_on": "2026-11-23"}
LATER = Lacking("Hẹn nộp sau", "2026-11-23", "Hai việc khác nhau")


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
    form = {"sheet": "receive", "key": key, "reason": "Khai bổ sung tại quầy", **TODAY, **ticks}
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
    form = {"sheet": "receive", "key": "k1", "reason": "Hẹn nộp sau", **TODAY}
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
    request = Request(["document:ct01"], reviewed=True)
    await supplement.request_supplement(station, first, request)
    again = Command(officer, bytes.fromhex(dossier_id), "k2")
    await receiving.receive(station, again, {}, LATER)
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
    await closing.refuse(station, command, "Không thuộc thẩm quyền")
    await enter(client)
    form = {"sheet": "receive", "key": "k2", "reason": "Hẹn nộp sau", **TODAY}
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
    job = (await receiving.receive(station, command, {}, LATER)).print_job
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
    await enter(client)
    assert "không tự in nữa" in await look(client, f"/counter/dossiers/{dossier_id}")


async def _becomes(station: Station, job: int, state: PrintState) -> None:
    moment = station.moment()
    await station.store.write(
        moment, lambda transaction: print_jobs.set_state(transaction, job, state)
    )


def _all_papers(station: Station) -> dict[str, str]:
    procedure = station.catalogue.procedure(PROCEDURE)
    return {f"paper.{one.id}": "yes" for one in procedure.documents}
