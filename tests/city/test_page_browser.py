"""The overview in Debian's Chromium: accessible, within its policy, fresh without a reload."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from tests.city.server import running_city
from tests.city.station import SimulatedStation

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
REFRESH_MS = 15_000


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


async def open_page(browser: Browser, width: int = 1366) -> tuple[Page, list[str]]:
    context = await browser.new_context(
        ignore_https_errors=True, viewport={"width": width, "height": 768}
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


async def test_it_is_accessible_in_both_languages(tmp_path: Path, chromium: Browser) -> None:
    good, bad = SimulatedStation(1), SimulatedStation(2, code=26561)
    bad.append(900)
    async with running_city(tmp_path) as city:
        await city.enrol(good, "Công an phường Thử")
        await city.enrol(bad)
        city.receipt(await city.send(good))
        city.receipt(await city.send(bad))
        await city.until_entered(bad)
        page, complaints = await open_page(chromium)
        for language in ("vi", "en"):
            await page.goto(f"{city.server.url}/?lang={language}")
            results = await Axe().run(page)
            assert results.violations_count == 0, results.generate_report()
        narrow, _ = await open_page(chromium, 320)
        await narrow.goto(city.server.url)
        assert await narrow.evaluate("document.documentElement.scrollWidth") <= 320
        assert complaints == []


async def test_new_figures_appear_and_their_absence_is_said(
    tmp_path: Path, chromium: Browser
) -> None:
    station = SimulatedStation()
    station.append_many(6)
    page, _ = await open_page(chromium)
    await page.clock.install()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        await page.goto(city.server.url)
        assert await page.get_by_role("cell", name="7", exact=True).count() == 0
        city.receipt(await city.send(station))
        await page.clock.run_for(REFRESH_MS)
        await page.get_by_role("cell", name="7", exact=True).first.wait_for()
        assert await page.locator("#stale").is_hidden()
    await page.clock.run_for(REFRESH_MS)
    await page.locator("#stale").wait_for(state="visible")
    assert await page.get_by_role("cell", name="7", exact=True).count() >= 1
