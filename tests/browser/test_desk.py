"""The counter's desk in a real browser: a lock that keeps what was typed, a passkey, scans."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from edge_node.usecases import intake, lookup
from edge_node.usecases.intake import Asked
from edge_node.usecases.kiosk import help as staff_help
from tests.browser.work_screens import (
    Node,
    faults,
    overflow,
    running,
    sign_in,
    small_targets,
)
from tests.usecases.city_side import daemon_of, inbox_of
from tests.usecases.officer_samples import chief_of, join
from tests.web.station import PIN

pytestmark = pytest.mark.browser

TYPED = "Công dân hẹn nộp bản gốc chiều nay"


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with running(tmp_path) as started:
        yield started


@pytest.fixture
async def page(chromium: Browser) -> Page:
    context = await chromium.new_context(viewport={"width": 1366, "height": 768})
    return await context.new_page()


async def test_a_locked_desk_is_gone_and_comes_back_as_it_was_for_a_colleague(
    node: Node, page: Page
) -> None:
    join(node.station, "lan", "Phạm Thị Lan", "7")
    dossier_id = await node.file_dossier("a")
    await sign_in(page, node)
    await page.goto(node.url(f"/counter/dossiers/{dossier_id}"))
    await page.keyboard.press("F9")
    await page.locator("#reason").fill(TYPED)
    await page.keyboard.press("Alt+L")
    await expect(page.locator("main[data-locked]")).to_be_visible()
    assert "Hoa Mẫu" not in await page.content()
    assert await faults(page) == []
    assert await small_targets(page) == []
    await page.keyboard.type("000000")
    await page.keyboard.press("Enter")
    await expect(page.locator("#pin-error")).to_contain_text("Còn 4 lần thử")
    await page.locator("input[value=lan]").check()
    await page.locator("#pin").fill(PIN)
    await page.keyboard.press("Enter")
    await expect(page.locator("#reason")).to_have_value(TYPED)
    await expect(page.locator("#me-button")).to_contain_text("Phạm Thị Lan")
    await page.get_by_label("Ngày nộp nốt").fill("27/11/2026")
    await page.locator("#confirm").click()
    await expect(page.locator(".result-received")).to_be_visible()
    history = (await lookup.dossier(node.station, dossier_id)).history
    assert [line.type for line in history][-1] == "dossier.received"


async def test_what_is_typed_survives_a_refresh_and_help_is_a_calm_line(
    node: Node, page: Page
) -> None:
    await node.file_dossier("a")
    await sign_in(page, node)
    await page.reload()
    row = page.locator(".list details").first
    await row.locator("summary").click()
    await row.locator("input[name=reason]").fill("Mẹ bế con nhỏ")
    async with page.expect_response(lambda one: one.url.endswith("/counter")):
        await staff_help.call_staff(node.station, "k1")
    await expect(page.locator("#help")).to_contain_text("Kiosk cần người giúp")
    await intake.take_ticket(node.station, "identity", Asked("b", "kiosk"))
    await expect(page.locator("#queue")).to_contain_text("B001")
    await expect(row.locator("input[name=reason]")).to_have_value("Mẹ bế con nhỏ")
    assert await faults(page) == []
    await page.locator("#help button").click()
    await expect(page.locator("#help form")).to_have_count(0)


async def test_a_button_that_is_held_down_while_news_arrive_is_still_pressed(
    node: Node, page: Page
) -> None:
    await node.file_dossier("a")
    await sign_in(page, node)
    await page.reload()
    await page.locator("#call").hover()
    await page.mouse.down()
    async with page.expect_response(lambda one: one.url.endswith("/counter")):
        await intake.take_ticket(node.station, "identity", Asked("b", "kiosk"))
    await page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    await expect(page.locator("#queue")).not_to_contain_text("B001")
    await page.mouse.up()
    await expect(page.locator("#queue .number b")).to_have_text("A001")
    await expect(page.locator("#queue")).to_contain_text("B001")


async def test_a_scanned_slip_opens_its_dossier_wherever_the_focus_is(
    node: Node, page: Page
) -> None:
    dossier_id = await node.file_dossier("a")
    number = (await lookup.dossier(node.station, dossier_id)).dossier_no
    await sign_in(page, node)
    await page.reload()
    await page.locator("#find").focus()
    await page.evaluate(
        "code => document.dispatchEvent(new CustomEvent('scan', {detail: code}))", number
    )
    await page.wait_for_url(f"**/counter/dossiers/{dossier_id}")
    await page.keyboard.press("Alt+2")
    await expect(page.locator("tbody a").first).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/counter/dossiers/{dossier_id}")
    await page.keyboard.press("F6")
    await expect(page.locator("#send-on")).to_have_count(0)


async def test_a_passkey_opens_the_door(node: Node, page: Page) -> None:
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasUserVerification": True,
        "hasResidentKey": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    await sign_in(page, node)
    await page.goto(node.url("/counter/pin"))
    await page.locator("#passkey").click()
    await expect(page.locator("#passkey-done")).to_be_visible()
    assert node.station.officers["minh"].has_passkey
    await page.goto(node.url("/counter"))
    await page.locator("#find").fill(TYPED)
    await page.keyboard.press("Alt+L")
    await page.locator("main[data-locked]").wait_for()
    # The desk looks for news once it is back.
    async with page.expect_response(lambda one: "x-refresh" in one.request.headers):
        await page.locator("#passkey").click()
    await expect(page.locator("#find")).to_have_value(TYPED)
    await page.locator("#me-button").click()
    await page.locator("#me form button").click()
    await page.locator("#passkey").click()
    await expect(page.locator(".desk")).to_be_visible()


async def test_the_chief_s_pages_and_large_text_lose_nothing(node: Node, page: Page) -> None:
    chief_of(node.station)
    dossier_id = await node.file_dossier("a")
    await page.goto(node.url("/counter/sign-in"))
    await page.locator("input[value=hoa]").check()
    await page.locator("#pin").fill(PIN)
    await page.keyboard.press("Enter")
    await page.locator(".desk").wait_for()
    dossier = f"/counter/dossiers/{dossier_id}"
    lists = "/counter/dossiers/list/newest"
    for path in ("/chief", "/chief/officers", "/chief/access", lists, f"{dossier}?text=large"):
        await page.goto(node.url(path))
        assert await faults(page) == [], path
        assert await small_targets(page) == [], path
        for width, height in ((1366, 768), (683, 384), (320, 640)):
            assert await overflow(page, width, height) <= 0, (path, width)


async def test_a_visit_booked_with_the_city_appears_by_itself(
    node: Node, page: Page, tmp_path: Path
) -> None:
    await sign_in(page, node)
    async with daemon_of(tmp_path) as daemon:
        await page.goto(node.url("/counter/bookings?service=identity&day=2026-11-25"))
        free = page.locator("#at-09-00 small")
        before = await free.inner_text()
        await free.locator("..").focus()
        word = {"type": "booking.made", "code": "7KX2MP", "service": "identity"}
        await daemon.entry(74, word | {"booked_for": "2026-11-25T09:00:00+07:00"})
        await inbox_of(node.station)
        await expect(page.locator("#booked-visits")).to_contain_text("7KX2MP")
        await expect(free).not_to_have_text(before)
        await expect(page.locator("#at-09-00")).to_be_focused()
        await daemon.entry(
            75, word | {"type": "booking.cancelled", "booked_for": "2026-11-25T09:00:00+07:00"}
        )
        await inbox_of(node.station)
        await expect(free).to_have_text(before)
        assert await faults(page) == []
