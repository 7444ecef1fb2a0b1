"""A dossier's whole life at the counter's forms; every sheet opens, explains and decides."""

import re
from datetime import datetime

import msgspec

from edge_node.domain.dossier import Action
from edge_node.usecases import lookup
from edge_node.usecases.decisions import claims
from edge_node.usecases.lookup import DossierView
from edge_node.usecases.station import Station
from edge_node.web.counter.sheets import SHEETS
from tests.usecases.city_side import daemon_of, inbox_of
from tests.usecases.filing import filed, received
from tests.web.counter_client import Client, enter, file_dossier, look, send, value_of
from tests.web.station import PIN, TestClock, make_officer

HANDS = {"party": "Công an TP – PC06", "given_by": "Minh", "received_by": "Sơn"}
LIFE: tuple[tuple[str, dict[str, str], str], ...] = (
    ("receive", {"reason": "Hẹn nộp sau", "rest_due_on": "2026-11-24"}, "received"),
    ("transfer", HANDS, "in_process"),
    ("pause", {"cause": "verification", "note": "Xác minh ở PC08"}, "paused"),
    ("resume", {}, "in_process"),
    ("extend", {"new_day": "2026-12-01", "reason": "Mất mạng"}, "in_process"),
    ("take_back", HANDS, "in_process"),
    ("request_withdrawal", {"reason": "Không cần nữa"}, "withdrawal_requested"),
    ("decline_withdrawal", {"reason": "Đã ký"}, "in_process"),
    ("note", {"words": "Gọi lại chiều nay"}, "in_process"),
    ("finish", {"result_no": "KQ-12"}, "finished"),
    ("hand_over", {"recipient": "holder", "checked": "officer_saw_card"}, "handed_over"),
)


async def view(station: Station, dossier_id: str) -> DossierView:
    return await lookup.dossier(station, dossier_id)


async def test_a_whole_life_by_forms(client: Client, station: Station) -> None:
    station.policy = msgspec.structs.replace(station.policy, unconfirmed_payment="warn")
    dossier_id = await file_dossier(station)
    address = f"/counter/dossiers/{dossier_id}"
    await enter(client)
    for name, fields, state in LIFE:
        page = await look(client, address)
        assert f'name="do" value="{name}"' in page, name
        status, sheet, _ = await send(client, f"{address}/review", do=name)
        assert status == 200
        assert 'id="confirm"' in sheet
        assert "decisions." not in _words(sheet), name
        carried = {one: value_of(sheet, one) for one in ("key", "version")}
        status, page, _ = await send(client, f"{address}/decide", sheet=name, **carried, **fields)
        assert status == 303, (name, re.findall(r"sheet-problem.*?</p>", page, re.DOTALL))
        assert (await view(station, dossier_id)).state == state
    shown = await look(client, f"{address}/history")
    assert "decisions." not in _words(shown)
    for words in ("Xin lỗi và hẹn lại", "Chuyển đi", "Gọi lại chiều nay", "xác minh ở nơi khác"):
        assert words in shown


def _words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


NOT_RIGHT: tuple[tuple[str, dict[str, str], str], ...] = (
    ("transfer", {"party": "PC06"}, "Chưa ghi đủ nơi nhận"),
    ("pause", {"cause": "verification"}, "Chưa ghi lý do"),
    ("extend", {"new_day": "2026-11-24", "reason": "x"}, "Ngày không đúng"),
    ("extend", {"new_day": "2026-11-25", "reason": "x"}, "Ngày hẹn mới phải sau"),
    ("stop", {}, "Chưa ghi lý do"),
    ("note", {"words": " "}, "Ghi chú còn trống"),
    ("resolve", {"feed": "zz", "sequence": "x", "choice": "city", "reason": "x"}, "khác biệt"),
    ("stop", {"reason": "x", "version": "1"}, "Hồ sơ"),
)


async def test_a_sheet_that_is_not_right_comes_back_with_cause_and_remedy(
    client: Client, station: Station
) -> None:
    command = await received(station)
    address = f"/counter/dossiers/{command.dossier_id.hex()}/decide"
    await enter(client)
    for sheet, fields, words in NOT_RIGHT:
        status, page, _ = await send(client, address, sheet=sheet, key="k", **fields)
        assert status == 422, sheet
        assert words in page, sheet
        for name in ("party", "reason"):
            assert fields.get(name, "") in page
    assert (await view(station, command.dossier_id.hex())).version == 2


async def test_a_decision_is_undone_and_printed_at_once_by_buttons(
    client: Client, station: Station, clock: TestClock
) -> None:
    command = await received(station)
    address = f"/counter/dossiers/{command.dossier_id.hex()}"
    await enter(client)
    assert "In ngay, không chờ" in await look(client, address)
    assert (await send(client, f"{address}/undo", key="u1"))[0] == 303
    assert (await view(station, command.dossier_id.hex())).state == "submitted"
    assert "Đã hủy in" in await look(client, address)
    status, page, _ = await send(client, f"{address}/undo", key="u2")
    assert status == 422
    assert "Không còn hoàn tác được" in page
    assert (await send(client, f"{address}/print-now"))[0] == 303


async def test_a_twin_is_named_and_needs_a_reason(client: Client, station: Station) -> None:
    await file_dossier(station, "a")
    dossier_id = await file_dossier(station, "b")
    address = f"/counter/dossiers/{dossier_id}"
    await enter(client)
    _, sheet, _ = await send(client, f"{address}/review", do="receive")
    assert "Công dân này đã nộp cùng thủ tục lúc 08:42" in sheet
    form = {"sheet": "receive", "key": "k", "reason": "Hẹn", "rest_due_on": "2026-11-30"}
    status, page, _ = await send(client, f"{address}/decide", **form)
    assert status == 422
    assert "đã nộp cùng thủ tục" in page
    status, _, _ = await send(client, f"{address}/decide", **form, duplicate_reason="Nhà thứ hai")
    assert status == 303


async def test_two_officers_by_one_form(client: Client, station: Station) -> None:
    command = await received(station)
    station.officers = {**station.officers, "hoa": make_officer("hoa", "Lê Thị Hoa", "3")}
    known = dict(station.catalogue.procedures)
    one = msgspec.structs.replace(known["res-temporary"], two_officers=(Action.STOP.value,))
    station.catalogue.procedures = {**known, one.id: one}
    address = f"/counter/dossiers/{command.dossier_id.hex()}"
    await enter(client)
    _, sheet, _ = await send(client, f"{address}/review", do="stop")
    assert "Cần cán bộ thứ hai xác nhận" in sheet
    form = {"sheet": "stop", "key": "k", "reason": "Đã chuyển đi"}
    for second, words in (
        ({}, "cần một cán bộ thứ hai"),
        ({"second_officer": "minh", "second_pin": PIN}, "cán bộ khác"),
        ({"second_officer": "hoa", "second_pin": "000000"}, "PIN"),
    ):
        status, page, _ = await send(client, f"{address}/decide", **form, **second)
        assert status == 422
        assert words in page
        assert PIN not in page
    status, _, _ = await send(
        client, f"{address}/decide", **form, second_officer="hoa", second_pin=PIN
    )
    assert status == 303
    assert (await view(station, command.dossier_id.hex())).state == "stopped"


async def test_what_another_counter_has_open_is_not_decided_here(
    client: Client, station: Station
) -> None:
    command = await filed(station)
    other = make_officer("hoa", "Lê Thị Hoa", "3")
    await claims.claim(station, other, command.dossier_id)
    await enter(client)
    address = f"/counter/dossiers/{command.dossier_id.hex()}/decide"
    status, page, _ = await send(client, address, sheet="refuse", key="k", reason="x")
    assert status == 422
    assert "held" in page
    assert (await view(station, command.dossier_id.hex())).state == "submitted"


async def test_a_difference_with_the_city_side_by_side(
    client: Client, station: Station, clock: TestClock, tmp_path: object
) -> None:
    command = await received(station)
    dossier_id = command.dossier_id.hex()
    address = f"/counter/dossiers/{dossier_id}"
    await enter(client)
    await send(client, f"{address}/decide", sheet="stop", key="s", reason="Đã chuyển đi")
    async with daemon_of(tmp_path) as daemon:  # type: ignore[arg-type]
        body = {"type": "decision.made", "dossier_id": dossier_id, "state": "in_process",
                "decided_at": datetime(2026, 11, 23, 8, 55).astimezone().isoformat(),
                "reason": "Đã phân công"}  # fmt: skip
        await daemon.entry(66, body)
        await (await inbox_of(station)).look()
        page = await look(client, address)
        assert "Bản của quầy được giữ." in page
        status, sheet, _ = await send(client, f"{address}/review", do="resolve")
        assert "Đã phân công" in sheet
        form = {one: value_of(sheet, one) for one in ("key", "version", "feed", "sequence")}
        status, _, _ = await send(
            client, f"{address}/decide", sheet="resolve", choice="counter", reason="Đã gọi", **form
        )
    assert status == 303
    assert (await view(station, dossier_id)).state == "stopped"
    assert "Bản của quầy được giữ." not in await look(client, address)


async def test_the_register_is_shown_and_printed_by_days(client: Client, station: Station) -> None:
    command = await received(station)
    number = (await view(station, command.dossier_id.hex())).dossier_no
    await enter(client)
    page = await look(client, "/counter/register?first=23/11/2026&last=2026-11-24")
    assert number in page
    assert "print-register" in page
    assert "decisions." not in _words(page)
    assert "print-register" not in await look(client, "/counter/register?first=24/11/2026")
    days = {"first": "2026-11-23", "last": "2026-11-24"}
    status, _, where = await send(client, "/counter/register/print", **days)
    assert status == 303
    assert "Đã xếp hàng in sổ." in await look(client, where)
    for wrong, words in (
        ({"first": "hôm qua"}, "Ngày không đúng"),
        ({"first": "2026-11-23", "last": "2026-11-22"}, "Khoảng ngày quá dài"),
        ({"first": "2026-01-01", "last": "2026-11-22"}, "Khoảng ngày quá dài"),
    ):
        status, page, _ = await send(client, "/counter/register/print", **wrong)
        assert status == 422
        assert words in page


def test_every_action_of_the_table_has_a_sheet_or_belongs_to_money() -> None:
    of_money = {Action.REQUEST_PAYMENT, Action.SETTLE_PAYMENT, Action.START_CLOCK}
    assert {one.action for one in SHEETS.values() if one.action} | of_money == set(Action)
