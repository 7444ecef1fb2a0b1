"""The call board and the technician's page in a real browser, with and without their node."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from edge_node.usecases import intake, queue
from edge_node.usecases.intake import Asked
from tests.browser.work_screens import (
    Node,
    faults,
    overflow,
    running,
    sign_in,
    small_targets,
)

pytestmark = pytest.mark.browser


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with running(tmp_path) as started:
        yield started


@pytest.fixture
async def page(chromium: Browser) -> Page:
    context = await chromium.new_context(viewport={"width": 1920, "height": 1080})
    return await context.new_page()


async def _call(node: Node, key: str) -> None:
    await intake.take_ticket(node.station, "residence", Asked(key, "kiosk"))
    await queue.call_next(node.station, node.station.officers["minh"])


async def test_a_call_appears_by_itself_and_is_large(node: Node, page: Page) -> None:
    async with page.expect_response(lambda one: "/live/display" in one.url):
        await page.goto(node.url("/display"))
    await _call(node, "a")
    ticket = page.locator(".ticket")
    await expect(ticket).to_have_text("A001")
    await expect(page.locator("#now")).to_have_class("now fresh")
    await expect(ticket).to_be_visible()
    height = await ticket.evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)")
    assert height >= 160
    assert await faults(page) == []


async def test_the_list_can_be_read_from_six_metres(node: Node, page: Page) -> None:
    for key in "abcdef":
        await _call(node, key)
    for service in node.station.catalogue.services:
        await intake.take_ticket(node.station, service.id, Asked(service.id, "kiosk"))
    await page.goto(node.url("/display"))
    for place in (".earlier b", ".earlier em"):
        # Found and measured in one step: the list is replaced whenever a call is announced.
        size = await page.evaluate(
            "(place) => parseFloat(getComputedStyle(document.querySelector(place)).fontSize)",
            place,
        )
        assert size >= 72
    assert await overflow(page, 1920, 1080) <= 0
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")


async def test_without_the_node_the_numbers_stay_then_go(node: Node, page: Page) -> None:
    await _call(node, "a")
    await page.clock.install()
    await page.goto(node.url("/display"))
    await expect(page.locator("#away")).to_be_hidden()
    await node.stop()
    await page.clock.run_for(16_000)
    await expect(page.locator("#away")).to_contain_text("Xin nghe cán bộ gọi số")
    await expect(page.locator(".ticket")).to_be_visible()
    await page.clock.fast_forward(300_000)
    await page.clock.run_for(5_000)
    await expect(page.locator(".ticket")).to_be_hidden()
    assert await faults(page) == []
    await node.start()
    await page.clock.run_for(5_000)
    await expect(page.locator(".ticket")).to_be_visible()
    await expect(page.locator("#away")).to_be_hidden()


async def test_the_status_page_says_how_old_it_is(node: Node, page: Page) -> None:
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.clock.install()
    await page.goto(node.url("/status"))
    await expect(page.locator("h1")).to_have_text("Trạm đang tiếp dân bình thường")
    await expect(page.locator("#fresh")).to_contain_text("Đang theo dõi")
    await node.stop()
    await page.clock.run_for(16_000)
    await expect(page.locator("#fresh")).to_contain_text("Trang này ngừng cập nhật")
    await expect(page.locator("body")).to_have_class("stopped")
    await node.start()
    await page.clock.run_for(6_000)
    await expect(page.locator("#fresh")).to_contain_text("Đang theo dõi")


async def test_checking_again_answers_in_words(node: Node, page: Page) -> None:
    await page.goto(node.url("/status"))
    await page.locator("#again").click()
    await expect(page.locator(".again")).to_contain_text("Đã kiểm tra lại lúc 08:42.")


async def test_the_status_page_is_for_everybody(node: Node, page: Page) -> None:
    await page.set_viewport_size({"width": 1366, "height": 768})
    for language in ("vi", "en"):
        await page.goto(node.url(f"/status?lang={language}"))
        assert await faults(page) == []
        assert await small_targets(page) == []
    for width, height in ((1366, 768), (683, 384), (320, 640)):
        assert await overflow(page, width, height) <= 0


async def test_the_tools_of_the_status_page_are_for_everybody(node: Node, page: Page) -> None:
    await page.set_viewport_size({"width": 1366, "height": 768})
    await sign_in(page, node)
    await page.goto(node.url("/status"))
    before = await page.locator("#tools").element_handle()
    await page.get_by_role("button", name="Ghi ra USB").click()
    await page.wait_for_function("(shown) => !shown.isConnected", arg=before)
    await expect(page.locator("#request")).to_contain_text("đang chờ dịch vụ gửi")
    await page.get_by_label("Mã ghi danh").fill("ABCD-EFGH")
    await page.get_by_role("button", name="Ghi danh trạm").click()
    await expect(page.get_by_role("alert")).to_contain_text("Yêu cầu trước chưa xong.")
    for language in ("vi", "en"):
        await page.goto(node.url(f"/status?lang={language}"))
        assert await faults(page) == []
        assert await small_targets(page) == []
    for width, height in ((1366, 768), (683, 384), (320, 640)):
        assert await overflow(page, width, height) <= 0
