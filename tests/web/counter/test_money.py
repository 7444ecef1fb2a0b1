"""The money panel, the inbox, the drawer and the citizen's screen, through the real application."""

import re

import msgspec
import pytest

from edge_node.domain.officer import Role
from edge_node.domain.payment import PaymentState
from edge_node.domain.vietqr import parse_payload
from edge_node.usecases.payments import steps, views
from edge_node.usecases.station import Station
from tests.usecases.money_side import actor, due, hear, look, open_drawer, with_accounts, word
from tests.usecases.samples import submit
from tests.web.counter_client import Client, enter, send, value_of
from tests.web.counter_client import look as page_of
from tests.web.station import TestClock, make_officer


@pytest.fixture
def station(station: Station) -> Station:
    return with_accounts(station)


async def press(client: Client, dossier: str, what: str, **fields: str) -> tuple[int, str]:
    """Press a button of the panel as the page shows it now."""
    page = await page_of(client, f"/counter/dossiers/{dossier}")
    key = value_of(page, "money_key")
    status, text, _ = await send(
        client, f"/counter/dossiers/{dossier}/money", money=what, money_key=key, **fields
    )
    return status, text


async def first_payment(station: Station, dossier: str) -> views.PaymentView:
    return (await views.panel(station, dossier, "2")).payments[0]


async def test_looking_at_a_dossier_opens_nothing(station: Station, client: Client) -> None:
    await enter(client)
    dossier = await _filed(station)
    page = await page_of(client, f"/counter/dossiers/{dossier}")
    assert "15.000\u00a0đ" in page
    assert (await views.panel(station, dossier, "2")).payments == ()


async def _filed(station: Station) -> str:
    return (await submit(station, "filed")).dossier_id


async def test_the_code_goes_to_the_screen_and_never_a_name(
    station: Station, client: Client
) -> None:
    await enter(client)
    dossier = await _filed(station)
    assert (await press(client, dossier, "fee:qr"))[0] == 303
    payment = await first_payment(station, dossier)
    assert payment.state is PaymentState.QR_SHOWN
    page = await page_of(client, f"/counter/dossiers/{dossier}")
    assert payment.reference in page
    screen = await page_of(client, "/customer/2")
    assert payment.reference in screen
    assert "15.000\u00a0đ" in screen
    assert "Mẫu" not in screen.replace("TAI KHOAN MAU", "")
    assert "tạm trú" not in screen
    assert payment.reference not in await page_of(client, "/customer/3")


async def test_evidence_is_worded_as_evidence(station: Station, client: Client) -> None:
    await enter(client)
    dossier = await _filed(station)
    await press(client, dossier, "fee:qr")
    status, text = await press(client, dossier, "fee:claim", **{"fee.evidence": "1"})
    assert status == 422
    assert "từ 4 đến 12" in text
    assert 'value="1"' in text
    assert (await press(client, dossier, "fee:claim", **{"fee.evidence": "482917"}))[0] == 303
    page = await page_of(client, f"/counter/dossiers/{dossier}")
    assert "Đã ghi nhận chứng từ, chờ ngân hàng xác nhận" in page
    assert "Đã thanh toán" not in page
    screen = await page_of(client, "/customer/2")
    assert "Đã ghi nhận chứng từ" in screen
    assert "Cảm ơn" not in screen


async def test_the_screen_thanks_when_the_bank_confirms_and_rests_after(
    station: Station, client: Client, clock: TestClock
) -> None:
    await enter(client)
    dossier = await _filed(station)
    await press(client, dossier, "fee:qr")
    await hear(station, word((await first_payment(station, dossier)).reference))
    assert "Cảm ơn quý vị" in await page_of(client, "/customer/2")
    clock.advance(views.THANKS_S + 1)
    assert "Kính chào quý vị" in await page_of(client, "/customer/2")


async def test_the_next_person_does_not_see_the_code_of_the_one_before(
    station: Station, client: Client
) -> None:
    await enter(client)
    dossier = await _filed(station)
    await press(client, dossier, "fee:qr")
    assert (await send(client, "/counter/call", seen=""))[0] == 303
    assert "Kính chào quý vị" in await page_of(client, "/customer/2")


async def test_a_code_nobody_pays_leaves_the_screen(
    station: Station, client: Client, clock: TestClock
) -> None:
    await enter(client)
    await press(client, await _filed(station), "fee:qr")
    clock.advance(views.SHOWN_S + 1)
    assert "Kính chào quý vị" in await page_of(client, "/customer/2")


async def test_cash_with_change(station: Station, client: Client) -> None:
    await enter(client)
    dossier = await _filed(station)
    cash = {"fee.given": "50.000", "fee.receipt": "0001234"}
    status, text = await press(client, dossier, "fee:cash", **cash)
    assert (status, "Chưa mở ca" in text) == (422, True)
    await open_drawer(station)
    status, text = await press(client, dossier, "fee:cash", **{**cash, "fee.given": "năm"})
    assert status == 422
    assert (await press(client, dossier, "fee:cash", **cash))[0] == 303
    page = await page_of(client, f"/counter/dossiers/{dossier}")
    assert "thối lại 35.000\u00a0đ" in page
    assert "Biên lai số 0001234" in page


async def test_an_amount_the_catalogue_does_not_have_needs_a_reason(
    station: Station, client: Client
) -> None:
    await enter(client)
    dossier = (await submit(station, "v", procedure_id="veh-first", documents=[])).dossier_id
    fields = {"fee.offer": "entered", "fee.amount": "140.000"}
    status, _ = await press(client, dossier, "fee:qr", **fields)
    assert status == 422
    fields["fee.reason"] = "Biểu phí xe máy"
    assert (await press(client, dossier, "fee:qr", **fields))[0] == 303
    assert (await first_payment(station, dossier)).amount_vnd == 140_000


async def test_a_fine_is_entered_apart(station: Station, client: Client) -> None:
    await enter(client)
    dossier = await _filed(station)
    fields = {"fine.amount": "500000", "fine.reason": "Quyết định 12"}
    assert (await press(client, dossier, "fine:due", **fields))[0] == 303
    assert (await press(client, dossier, "fine:qr"))[0] == 303
    payment = await first_payment(station, dossier)
    assert parse_payload(payment.code).account == "0000000002"
    assert "Tiền phạt phải nộp" in await page_of(client, "/customer/2")


@pytest.mark.parametrize(
    ("what", "fields", "state"),
    [
        ("fee:waive", {"fee.exemption": "residence-75-2022-4"}, PaymentState.WAIVED),
        (
            "fee:elsewhere",
            {"fee.where": "national_portal", "fee.elsewhere_receipt": "DVC-1"},
            PaymentState.PAID_ELSEWHERE,
        ),
    ],
)
async def test_other_ways(
    station: Station, client: Client, what: str, fields: dict[str, str], state: PaymentState
) -> None:
    await enter(client)
    dossier = await _filed(station)
    assert (await press(client, dossier, what, **fields))[0] == 303
    assert (await first_payment(station, dossier)).state is state


@pytest.mark.parametrize("what", ["", "fee", "fee:steal", "tax:qr"])
async def test_a_button_that_is_none_is_refused(
    station: Station, client: Client, what: str
) -> None:
    await enter(client)
    assert (await press(client, await _filed(station), what))[0] == 400


async def test_who_may_not_take_money_is_told(station: Station, client: Client) -> None:
    officer = make_officer("minh", "Trần Văn Minh", "2")
    only = msgspec.structs.replace(officer, roles=(Role.OFFICER,))
    station.officers = {"minh": only}
    await enter(client)
    page = await page_of(client, f"/counter/dossiers/{await _filed(station)}")
    assert "Việc thu tiền do thủ quỹ làm." in page
    async with client.get("/counter/shift") as answer:
        assert answer.status == 422
        assert "Số đếm" not in await answer.text()


async def test_the_inbox_is_decided_by_the_chief(station: Station, client: Client) -> None:
    officer = make_officer("minh", "Trần Văn Minh", "2")
    chief = msgspec.structs.replace(officer, roles=(Role.CHIEF,))
    station.officers = {"minh": chief}
    await enter(client)
    _, stood = await due(station)
    reference = (await look(station, stood.payment_id)).reference
    await hear(station, word(reference, amount_vnd=14_000))
    await hear(station, word("ABCDEFGHJKLMN", transaction="FT-9"))
    page = await page_of(client, "/counter/money")
    assert "Chuyển thiếu" in page
    assert "Chưa rõ tiền của ai" in page
    fields = {
        "key": "decide", "transaction": "FT26327000001", "payment": stood.payment_id,
        "decision": "accept",
    }  # fmt: skip
    status, text, _ = await send(client, "/counter/money", **fields, reason="")
    assert (status, 'role="alert"' in text) == (422, True)
    status, _, where = await send(client, "/counter/money", **fields, reason="Nộp bù tiền mặt")
    assert (status, where) == (303, "/counter/money")
    assert (await look(station, stood.payment_id)).settled
    status, _, _ = await send(client, "/counter/money", **{**fields, "decision": "keep"})
    assert status == 400


async def test_a_drawer_from_opening_to_report(station: Station, client: Client) -> None:
    await enter(client)
    page = await page_of(client, "/counter/shift")
    key = value_of(page, "key")
    opened = await send(client, "/counter/shift/open", key=key, fee="200.000", fine="0")
    assert opened[0] == 303
    _, stood = await due(station)
    await steps.show_qr(station, actor("q"), stood.payment_id)
    page = await page_of(client, "/counter/shift")
    assert "Khoản QR chưa xác nhận: 1" in page
    key = _close_key(page)
    status, text, _ = await send(
        client, "/counter/shift/close", key=key, fee="185000", fine="0", explanation=""
    )
    assert status == 422
    assert "Thiếu 15.000\u00a0đ." in text
    assert "khoản QR chưa xác nhận của A001" in text
    status, _, where = await send(
        client, "/counter/shift/close", key=key, fee="185000", fine="0", explanation="Khách nợ"
    )
    assert (status, where) == (303, "/counter/shift?closed=1")
    page = await page_of(client, "/counter/shift?closed=1")
    assert "Đã chốt ca" in page
    assert 'value="185000"' in page, "the next shift starts from what was counted"


def _close_key(page: str) -> str:
    found = re.search(
        r'action="/counter/shift/close".*?name="key" value="([^"]*)"', page, re.DOTALL
    )
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", ["/customer/2%2F", "/customer/123456789", "/customer/%3Cb%3E"])
async def test_a_counter_that_is_none_has_no_screen(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 404


async def test_the_drawer_leads_to_the_results_that_wait(station: Station, client: Client) -> None:
    await enter(client)
    await open_drawer(station)
    page = await page_of(client, "/counter/shift")
    assert "Kết quả còn chờ công dân đến nhận: 0 hồ sơ" in page
    address = re.search(r'href="(/counter/dossiers/list/[a-z-]+)">Xem danh sách', page)
    assert address is not None
    await page_of(client, address[1])


async def test_the_cashier_sets_a_strangers_line_aside(station: Station, client: Client) -> None:
    cashier = make_officer("minh", "Trần Văn Minh", "2")
    station.officers = {"minh": msgspec.structs.replace(cashier, roles=(Role.CASHIER,))}
    await enter(client)
    await hear(station, word("ABCDEFGHJKLMN", transaction="FT-9"))
    page = await page_of(client, "/counter/money")
    assert "Người gửi chuyển nhầm" in page
    aside = {"key": "aside", "transaction": "FT-9"}
    status, text, _ = await send(client, "/counter/money/aside", **aside, reason="other", note="")
    assert (status, 'role="alert"' in text) == (422, True)
    status, _, where = await send(
        client, "/counter/money/aside", **aside, reason="other-unit", note="Phường bên"
    )
    assert (status, where) == (303, "/counter/money")
    page = await page_of(client, where)
    assert "Không có khoản nào cần xử lý" in page
    assert "Tiền của đơn vị khác – Phường bên" in page
    assert "Trần Văn Minh, quầy 2" in page
    back = {"key": "back", "transaction": "FT-9", "reason": "Nhầm"}
    assert (await send(client, "/counter/money/take-back", **back))[0] == 303
    assert "Chưa rõ tiền của ai" in await page_of(client, "/counter/money")
    again = {**back, "key": "again"}
    status, text, _ = await send(client, "/counter/money/take-back", **again)
    assert (status, "Dòng này đã có khoản thu nhận" in text) == (422, True)


async def test_an_officer_who_takes_no_money_sets_nothing_aside(
    station: Station, client: Client
) -> None:
    officer = make_officer("minh", "Trần Văn Minh", "2")
    station.officers = {"minh": msgspec.structs.replace(officer, roles=(Role.OFFICER,))}
    await enter(client)
    await hear(station, word("ABCDEFGHJKLMN", transaction="FT-9"))
    for path in ("/counter/money/aside", "/counter/money/take-back"):
        fields = {"key": "a", "transaction": "FT-9", "reason": "other-unit"}
        assert (await send(client, path, **fields))[0] == 422
    assert [task.kind for task in await views.inbox(station)] == ["unmatched"]
