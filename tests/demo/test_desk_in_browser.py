"""The desk page in Chromium: clean, accessible, and useful without script."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.demo.desk import Demo, demo

pytestmark = pytest.mark.browser


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Demo]:
    async with demo(tmp_path) as running:
        yield running


@pytest.fixture
async def address(shown: Demo) -> AsyncIterator[str]:
    async with TestServer(shown.app) as server:
        yield str(server.make_url("/"))


def listen(page: Page) -> list[str]:
    """What the browser complains about."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    return complaints


async def violations(page: Page) -> list[str]:
    results = await Axe().run(page)
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in results.response["violations"]]


async def test_the_page_keeps_itself_true(shown: Demo, address: str, chromium: Browser) -> None:
    # The page runs under its own policy; axe is put in from outside it.
    context = await chromium.new_context(bypass_csp=True)
    page = await context.new_page()
    complaints = listen(page)
    await page.goto(address)
    assert await violations(page) == []
    await page.get_by_role("button", name="Cắt đường truyền").click()
    await page.get_by_text("Đường truyền bị cắt").wait_for()
    assert not shown.line.whole
    shown.print("ticket", "page-001.png")
    await page.get_by_role("img", name="Phiếu số 80 mm").wait_for()
    assert await violations(page) == []
    assert complaints == []
    await context.close()


async def test_the_policy_lets_the_page_work(address: str, chromium: Browser) -> None:
    page = await chromium.new_page()
    complaints = listen(page)
    await page.goto(address)
    await page.get_by_role("button", name="Cắt đường truyền").click()
    await page.get_by_text("Đường truyền bị cắt").wait_for()
    assert complaints == []
    await page.close()


async def test_buttons_work_without_script(shown: Demo, address: str, chromium: Browser) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(address)
    await page.get_by_role("button", name="Rút giấy máy in số").click()
    assert page.url == address
    assert shown.printer.faults.paper_out
    await page.get_by_role("button", name="Cắt đường truyền").click()
    assert await page.get_by_role("status").text_content() == "Đường truyền bị cắt"
    await context.close()


@pytest.mark.parametrize("width", [1366, 683, 360])
async def test_nothing_runs_out_of_the_window(
    shown: Demo, address: str, chromium: Browser, width: int
) -> None:
    shown.print("slip", "page-001.png")
    page = await chromium.new_page(viewport={"width": width, "height": 700})
    await page.goto(address)
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    await page.close()
