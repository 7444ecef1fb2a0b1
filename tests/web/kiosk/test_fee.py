"""K11 and K12: the fee at the kiosk, and what is said while nobody knows."""

import re
from html import unescape

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from edge_node.domain.beneficiaries import Beneficiaries
from edge_node.domain.payment import PaymentState
from edge_node.usecases import drafts
from edge_node.usecases.drafts import Draft
from edge_node.usecases.payments import at_kiosk, steps
from edge_node.usecases.payments.at_kiosk import PAYING_S, KioskFee
from edge_node.usecases.station import Station
from edge_node.web import transfer_picture
from edge_node.web.kiosk.draft import DRAFT_COOKIE, SENT_COOKIE
from tests.usecases.money_side import actor, hear, with_accounts, word
from tests.usecases.samples import submit
from tests.web.pages import Browser, get, post
from tests.web.station import TestClock

KEY = "f" * 32


@pytest.fixture
def station(station: Station) -> Station:
    return with_accounts(station)


async def hand_in(station: Station, browser: Browser, procedure: str = "res-temporary") -> None:
    """A visitor who has just sent a form."""
    await submit(station, KEY, procedure_id=procedure, documents=[])
    token = station.new_token()
    await drafts.save(station, token, Draft(key=KEY, procedure_id=procedure))
    browser.session.cookie_jar.update_cookies(
        {DRAFT_COOKIE: token, SENT_COOKIE: KEY}, browser.make_url("/kiosk")
    )


async def fee_of(station: Station) -> KioskFee:
    found = await at_kiosk.fee(station, KEY)
    assert found is not None
    return found


async def state_of(station: Station) -> PaymentState:
    payment = (await fee_of(station)).payment
    assert payment is not None
    return payment.state


async def test_a_fee_can_be_paid_by_phone_or_at_the_counter(
    station: Station, client: Browser
) -> None:
    await hand_in(station, client)
    page = await get(client, "/kiosk/fee")
    assert "Lệ phí 15.000 đ" in page.text
    assert "Trả bằng điện thoại" in page.text
    assert "/kiosk/done" in page.links
    assert (await fee_of(station)).payment is None, "looking opens nothing"


async def test_what_is_free_is_said_to_be(station: Station, client: Browser) -> None:
    await hand_in(station, client, "res-confirm")
    page = await get(client, "/kiosk/fee")
    assert "không thu lệ phí" in page.text
    assert "Trả bằng điện thoại" not in page.text


async def test_an_uncertain_fee_is_told_at_the_counter(station: Station, client: Browser) -> None:
    await hand_in(station, client, "veh-first")
    page = await get(client, "/kiosk/fee")
    assert "Lệ phí do cán bộ cho biết" in page.text
    assert "đ " not in page.text.partition("Lệ phí")[2][:40]
    again = await post(client, "/kiosk/fee/phone")
    assert again.path == "/kiosk/fee"


async def test_without_a_signed_account_the_counter_takes_it(
    station: Station, client: Browser
) -> None:
    station.money = station.money._replace(beneficiaries=Beneficiaries())
    await hand_in(station, client)
    page = await get(client, "/kiosk/fee")
    assert "Xin nộp tại quầy" in page.text
    assert "Trả bằng điện thoại" not in page.text


async def test_offline_the_page_says_what_it_cannot_know(station: Station, client: Browser) -> None:
    await hand_in(station, client)
    page = await post(client, "/kiosk/fee/phone")
    assert page.path == "/kiosk/payment"
    assert await state_of(station) is PaymentState.QR_SHOWN
    assert (
        "Quý vị cứ chuyển tiền, rồi cho cán bộ xem màn hình điện thoại. "
        "Máy chưa tự thấy được tiền về vì mạng tạm ngắt." in page.text
    )
    assert "Còn 4:00" in page.text
    assert "Nguyễn" not in page.text
    again = await post(client, "/kiosk/fee/phone")
    assert again.path == "/kiosk/payment", "twice is once"


async def test_whoever_says_i_have_paid_has_claimed_nothing(
    station: Station, client: Browser
) -> None:
    await hand_in(station, client)
    await post(client, "/kiosk/fee/phone")
    page = await get(client, "/kiosk/payment?paid=yes")
    assert "Ngân hàng đã xác nhận" not in page.text
    assert await state_of(station) is PaymentState.QR_SHOWN


async def test_patience_ends_and_the_code_does_not_come_alone(
    station: Station, client: Browser, clock: TestClock
) -> None:
    await hand_in(station, client)
    await post(client, "/kiosk/fee/phone")
    clock.advance(PAYING_S - 80)
    assert "Còn 1:20" in (await get(client, "/kiosk/payment")).text
    clock.advance(81)
    assert "Còn" not in (await get(client, "/kiosk/payment")).text


async def test_the_bank_and_the_officer_are_told_apart(station: Station, client: Browser) -> None:
    await hand_in(station, client)
    await post(client, "/kiosk/fee/phone")
    payment = (await fee_of(station)).payment
    assert payment is not None
    await steps.claim(station, actor("claim"), payment.payment_id, "482917")
    page = await get(client, "/kiosk/payment")
    assert "Đã ghi nhận chứng từ, chờ ngân hàng xác nhận" in page.text
    await hear(station, word(payment.reference))
    page = await get(client, "/kiosk/payment")
    assert "Ngân hàng đã xác nhận 15.000 đ" in page.text
    assert (await get(client, "/kiosk/fee")).path == "/kiosk/payment"


async def test_money_that_does_not_fit_is_not_lost(station: Station, client: Browser) -> None:
    await hand_in(station, client)
    await post(client, "/kiosk/fee/phone")
    payment = (await fee_of(station)).payment
    assert payment is not None
    await hear(station, word(payment.reference, amount_vnd=1_500))
    page = await get(client, "/kiosk/payment")
    assert "Tiền của quý vị không mất" in page.text


@pytest.mark.parametrize("path", ["/kiosk/fee", "/kiosk/payment"])
async def test_nobody_sees_a_fee_before_handing_in(
    station: Station, client: Browser, path: str
) -> None:
    token = station.new_token()
    await drafts.save(station, token, Draft(key=KEY, procedure_id="res-temporary"))
    client.session.cookie_jar.update_cookies({DRAFT_COOKIE: token}, client.make_url("/kiosk"))
    async with client.get(path, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/kiosk/check")


async def test_the_code_on_the_screen_is_the_payments_own(
    station: Station, client: Browser
) -> None:
    await hand_in(station, client)
    page = await post(client, "/kiosk/fee/phone")
    payment = (await fee_of(station)).payment
    assert payment is not None
    assert scan(page.html) == payment.code
    assert transfer_picture.draw(payment.code).size > 2 * transfer_picture.QUIET_MODULES


def scan(html: str) -> str:
    """What a phone reads from the picture in a page."""
    size = re.search(r'class="code" viewBox="0 0 (\d+)', html)
    path = re.search(r'<path d="([^"]+)"/></svg>', html[size.start() :] if size else "")
    assert size is not None
    assert path is not None
    picture = Image.new("L", (int(size[1]) * 6, int(size[1]) * 6), 255)
    pen = ImageDraw.Draw(picture)
    for column, row in re.findall(r"M(\d+) (\d+)h1v1h-1z", unescape(path[1])):
        x, y = int(column) * 6, int(row) * 6
        pen.rectangle((x, y, x + 5, y + 5), fill=0)
    (found,) = zxingcpp.read_barcodes(picture)
    return str(found.text)
