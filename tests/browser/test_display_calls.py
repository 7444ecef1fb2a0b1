"""The call board in a browser as a kiosk starts it: one call after the other, spoken, once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from edge_node.usecases import intake, queue
from edge_node.usecases.intake import Asked
from tests.browser.work_screens import Node, faults, overflow, running
from tests.chromium import launch
from tests.web.station import make_officer

pytestmark = pytest.mark.browser

KIOSK_FLAG = "--autoplay-policy=no-user-gesture-required"
RECORDER = """
document.addEventListener("speaking", (event) => {
  const page = document.documentElement;
  const said = (event.detail.now ? "+" : "-") + event.detail.ticket;
  page.dataset.spoken = `${page.dataset.spoken ?? ""}${said}`;
});
"""


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with running(tmp_path) as started:
        yield started


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A board with the flags of a kiosk, and a record of when it speaks."""
    async with async_playwright() as playwright:
        opened = await launch(playwright, KIOSK_FLAG)
        context = await opened.new_context(viewport={"width": 1920, "height": 1080})
        await context.add_init_script(RECORDER)
        yield await context.new_page()
        await opened.close()


async def call(node: Node, keys: str) -> None:
    """Numbers taken, and called to two counters in turn."""
    officers = (node.station.officers["minh"], make_officer("lan", "Lê Thị Lan", "3"))
    for key in keys:
        await intake.take_ticket(node.station, "residence", Asked(key, "kiosk"))
    for index, _ in enumerate(keys):
        await queue.call_next(node.station, officers[index % 2])


async def spoken(page: Page, said: str) -> None:
    """When the board began (+) and ended (-) to speak, in order."""
    await expect(page.locator("html")).to_have_attribute("data-spoken", said, timeout=20_000)


async def open_board(node: Node, page: Page, query: str = "?sound=on") -> None:
    async with page.expect_response(lambda one: "/live/display" in one.url):
        await page.goto(node.url(f"/display{query}"))


async def test_calls_are_announced_in_turn_and_only_once(node: Node, page: Page) -> None:
    await open_board(node, page)
    await call(node, "ab")
    await expect(page.locator("#ticket")).to_have_text("A001")
    await expect(page.locator("#ticket")).to_have_text("A002", timeout=20_000)
    await expect(page.locator("#earlier b")).to_have_text(["A001"])
    await spoken(page, "+A001-A001+A002-A002")
    await expect(page.locator("#muted")).to_be_hidden()
    assert await faults(page) == []

    async with page.expect_response(lambda one: "/live/display" in one.url):
        await page.reload()
    await expect(page.locator("#ticket")).to_have_text("A002")
    await queue.recall(node.station, node.station.officers["minh"])
    await expect(page.locator("#ticket")).to_have_text("A001")
    await spoken(page, "+A001-A001")


async def test_a_call_made_during_a_reload_is_announced_after_it(node: Node, page: Page) -> None:
    await open_board(node, page, "")
    await call(node, "a")
    await expect(page.locator("#now")).to_have_class("now fresh")
    await call(node, "b")
    async with page.expect_response(lambda one: "/live/display" in one.url):
        await page.reload()
    await expect(page.locator("#ticket")).to_have_text("A002")
    await expect(page.locator("#now")).to_have_class("now fresh")
    assert await page.evaluate("document.documentElement.dataset.spoken") is None


async def test_six_services_fit_and_a_silent_board_says_so(node: Node, page: Page) -> None:
    for service in node.station.catalogue.services:
        for number in range(4):
            key = f"{service.id}{number}"
            await intake.take_ticket(node.station, service.id, Asked(key, "kiosk"))
    await open_board(node, page)
    assert await overflow(page, 1920, 1080) <= 0
    cut = """[...document.querySelectorAll(".following, .service h2 em, .line span")]
      .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth).length"""
    assert await page.evaluate(cut) == 0
    await page.evaluate('document.getElementById("calls").dataset.volume = "0"')
    await page.evaluate('document.getElementById("muted").hidden = false')
    await expect(page.locator("#muted")).to_contain_text("tắt tiếng")
    assert await faults(page) == []
