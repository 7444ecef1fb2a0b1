"""The counter in a real browser: the keyboard alone, live numbers, a node that restarts."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, Page, Route, expect

from edge_node.usecases import intake, lookup
from edge_node.usecases.decisions import results
from edge_node.usecases.intake import Asked
from tests.browser.work_screens import (
    Node,
    faults,
    overflow,
    running,
    sign_in,
    small_targets,
)
from tests.usecases.filing import received
from tests.usecases.money_side import with_accounts
from tests.web.station import make_officer

pytestmark = pytest.mark.browser


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with running(tmp_path) as started:
        yield started


@pytest.fixture
async def page(chromium: Browser) -> Page:
    context = await chromium.new_context(viewport={"width": 1366, "height": 768})
    return await context.new_page()


async def test_a_dossier_is_received_with_the_keyboard_alone(node: Node, page: Page) -> None:
    dossier_id = await node.file_dossier("a")
    await sign_in(page, node)
    assert await faults(page) == []
    await page.keyboard.press("F2")
    await expect(page.locator(".number b")).to_have_text("A001")
    assert await faults(page) == []
    assert await small_targets(page) == []
    await page.keyboard.press("F9")
    await expect(page.locator("#reason")).to_be_focused()
    assert await faults(page) == []
    await page.keyboard.type("Công dân khai bổ sung tại quầy")
    await page.keyboard.press("Tab")
    await page.keyboard.type("30/11/2026")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".slip-due b")).to_contain_text("/2026")
    assert await faults(page) == []
    assert (await lookup.dossier(node.station, dossier_id)).state == "received"


async def test_a_supplement_is_asked_for_with_the_keyboard_alone(node: Node, page: Page) -> None:
    dossier_id = await node.file_dossier("a")
    await sign_in(page, node)
    await page.keyboard.press("F2")
    await page.locator("#work").wait_for()
    await page.keyboard.press("F10")
    await expect(page.locator(".items input").first).to_be_focused()
    assert await faults(page) == []
    assert await small_targets(page) == []
    await page.locator("[name=reviewed]").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".result-supplement_requested")).to_be_visible()
    assert (await lookup.dossier(node.station, dossier_id)).supplement_requests == 1


async def test_enter_in_a_field_never_decides(node: Node, page: Page) -> None:
    dossier_id = await node.file_dossier("a")
    await sign_in(page, node)
    await page.goto(node.url(f"/counter/dossiers/{dossier_id}"))
    await page.keyboard.press("F10")
    await page.locator(".items input").first.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-key=F9]")).to_be_visible()
    assert (await lookup.dossier(node.station, dossier_id)).version == 1


async def test_ticking_a_paper_redraws_what_is_outstanding_and_keeps_the_focus(
    node: Node, page: Page
) -> None:
    dossier_id = await node.file_dossier("a")
    await sign_in(page, node)
    await page.goto(node.url(f"/counter/dossiers/{dossier_id}"))
    await expect(page.locator(".before")).to_contain_text("Còn thiếu 1 giấy tờ")
    box = page.locator(".papers input").first
    await box.focus()
    await page.keyboard.press("Space")
    await expect(page.locator(".before")).to_contain_text("Đủ giấy tờ bắt buộc")
    await expect(box).to_be_focused()


async def test_what_is_typed_while_the_node_looks_again_is_kept(node: Node, page: Page) -> None:
    typed = asyncio.Event()

    async def wait(route: Route) -> None:
        await typed.wait()
        await route.continue_()

    dossier_id = await node.file_dossier("a")
    await sign_in(page, node)
    await page.goto(node.url(f"/counter/dossiers/{dossier_id}"))
    await page.keyboard.press("F9")
    await expect(page.locator("#reason")).to_be_visible()
    await page.route("**/review", wait)
    async with page.expect_response("**/review"):
        await page.locator(".papers input").first.focus()
        await page.keyboard.press("Space")
        await page.locator("#reason").fill("Thiếu bản gốc")
        await page.locator("#reason").focus()
        typed.set()
    await expect(page.locator("#papers-title")).to_be_visible()
    await expect(page.locator("#reason")).to_have_value("Thiếu bản gốc")
    await expect(page.locator("#reason")).to_be_focused()


async def test_a_new_number_appears_by_itself(node: Node, page: Page) -> None:
    await sign_in(page, node)
    await expect(page.locator("#queue")).to_contain_text("Đang chờ: 0")
    async with page.expect_response(lambda one: "/live/counter" in one.url):
        await page.reload()
    await intake.take_ticket(node.station, "identity", Asked("a", "kiosk"))
    await expect(page.locator("#queue")).to_contain_text("B001")


async def test_a_decision_survives_the_restart_of_the_node(node: Node, page: Page) -> None:
    dossier_id = await node.file_dossier("a")
    await sign_in(page, node)
    await page.goto(node.url(f"/counter/dossiers/{dossier_id}"))
    await page.keyboard.press("F9")
    await page.locator("#reason").fill("Khai bổ sung tại quầy")
    await page.get_by_label("Ngày nộp nốt").fill("27/11/2026")
    await node.stop()
    await page.locator("#confirm").click()
    await expect(page.locator("#hold")).to_be_visible()
    await expect(page.locator("#reason")).to_have_value("Khai bổ sung tại quầy")
    await node.start()
    await expect(page.locator(".result-received")).to_be_visible(timeout=15000)
    dossier = await lookup.dossier(node.station, dossier_id)
    assert dossier.version == 2
    assert [one.kind for one in dossier.print_jobs].count("appointment_slip") == 1


async def test_searching_leaves_no_name_in_the_address(node: Node, page: Page) -> None:
    await node.file_dossier("a")
    await node.file_dossier("b")
    await sign_in(page, node)
    await page.keyboard.press("/")
    await page.keyboard.type("hoa mau")
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(2)
    assert "hoa" not in page.url
    assert await faults(page) == []


async def test_the_key_map_and_the_city_words_open_and_close(node: Node, page: Page) -> None:
    await sign_in(page, node)
    await page.keyboard.press("F1")
    await expect(page.locator("#keys")).to_be_visible()
    assert await faults(page) == []
    await page.keyboard.press("Escape")
    await expect(page.locator("#keys")).to_be_hidden()
    await page.locator("#city-chip").click()
    await expect(page.locator("#city")).to_contain_text("Quầy vẫn tiếp nhận")
    assert await faults(page) == []


async def test_nothing_is_lost_at_two_hundred_percent(node: Node, page: Page) -> None:
    dossier_id = await node.file_dossier("a")
    await sign_in(page, node)
    await page.goto(node.url(f"/counter/dossiers/{dossier_id}"))
    for width, height in ((1366, 768), (683, 384), (320, 640)):
        assert await overflow(page, width, height) <= 0
    await page.set_viewport_size({"width": 683, "height": 384})
    assert await faults(page) == []


async def test_the_door_of_six_officers_fits_the_window(node: Node, page: Page) -> None:
    others = [make_officer(f"officer-{n}", "Phạm Thị Ngọc Lan", str(n)) for n in range(3, 8)]
    node.station.officers = {**node.station.officers, **{one.id: one for one in others}}
    await page.goto(node.url("/counter/sign-in"))
    await expect(page.locator(".officers .choice")).to_have_count(6)
    for pin in ("", "000000"):
        if pin:
            await page.locator(".officers input").first.check()
            await page.fill("#pin", pin)
            await page.keyboard.press("Enter")
            await expect(page.locator("#pin-error")).to_be_visible()
        await expect(page.locator(".go")).to_be_in_viewport(ratio=1)
        assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert await faults(page) == []


async def test_what_can_be_decided_stays_in_sight_beside_a_code(node: Node, page: Page) -> None:
    with_accounts(node.station)
    dossier_id = await node.file_dossier("a")
    await sign_in(page, node)
    await page.goto(node.url(f"/counter/dossiers/{dossier_id}"))
    await page.locator("#fee-qr").click()
    await expect(page.locator(".shown .code")).to_be_visible()
    for name in ("receive", "supplement", "refuse"):
        await expect(page.locator(f".decide [value={name}]")).to_be_in_viewport(ratio=1)
    assert await faults(page) == []
    # The page after a payment's step has a fresh key, and the ticks beside it stay.
    await page.locator(".papers input").first.check()
    await expect(page.locator(".before")).to_contain_text("Đủ giấy tờ bắt buộc")
    await page.fill("#fee-evidence", "482917")
    await page.locator("#fee-claim").click()
    await expect(page.locator(".stands-wait")).to_be_visible()
    await expect(page.locator(".papers input").first).to_be_checked()


async def test_a_scanner_fills_the_slip_of_a_hand_over(node: Node, page: Page) -> None:
    node.station.policy = msgspec.structs.replace(node.station.policy, unconfirmed_payment="warn")
    command = await received(node.station)
    await results.finish(node.station, command)
    number = (await lookup.dossier(node.station, command.dossier_id.hex())).dossier_no
    await sign_in(page, node)
    await page.goto(node.url(f"/counter/dossiers/{command.dossier_id.hex()}"))
    await page.locator(".decide [value=hand_over]").click()
    await page.locator("[name=checked]").first.check()
    await page.keyboard.press("F8")
    await page.keyboard.type(number)
    await page.keyboard.press("Enter")
    await expect(page.locator("#slip")).to_have_value(number)
    await page.locator("#confirm").click()
    await expect(page.locator(".result-handed_over")).to_be_visible()
