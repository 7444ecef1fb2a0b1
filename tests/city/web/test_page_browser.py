"""The overview in Debian's Chromium: accessible, within its policy, fresh without a reload."""

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from sync.protocol.record import Parent
from tests.city.server import TestCity, running_city
from tests.city.station import SimulatedStation

pytestmark = pytest.mark.browser

REFRESH_MS = 15_000


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


async def _troubled(city: TestCity) -> SimulatedStation:
    """Stations that drain, that were cloned, that promised more than came; one is drained."""
    good, draining, cloned, cut = (SimulatedStation(n + 1, code=26560 + n) for n in range(4))
    for station in (good, draining, cloned, cut):
        await city.enrol(station, f"Công an phường Thử {station.code - 26559}")
        station.append_many(60)
    city.receipt(await city.send(good))
    await city.greet(draining)
    city.receipt(await city.send(draining, count=20))
    city.receipt(await city.send(cloned))
    parent = cloned.log
    for hardware in (b"", b"another board!!!"):
        log = cloned.open_log(
            Parent(parent.lid, parent.size, parent.root()), hardware=hardware, boot_id=b"nextboot"
        )
        city.receipt(await city.send(cloned, log=log))
    city.receipt(await city.send(cut, count=30))
    city.receipt(await city.send(cut, log=cut.open_log()))
    for station in (good, cloned):
        await city.until_entered(station)
    city.clock.now_ms += 25 * 3600 * 1000
    await city.greet(good)
    return draining


async def test_alarms_stand_above_the_table_and_a_drain_has_a_bar(
    tmp_path: Path, chromium: Browser
) -> None:
    async with running_city(tmp_path) as city:
        draining = await _troubled(city)
        page, complaints = await open_page(chromium)
        bar = page.get_by_role("progressbar")
        for language, words in (("vi", "Cần người xem ngay"), ("en", "A person must look")):
            await page.goto(f"{city.server.url}/?lang={language}")
            alarms = page.locator(".alarms")
            assert words in await alarms.inner_text()
            assert await alarms.get_by_role("listitem").count() == 2
            assert await bar.count() == 1
            assert await bar.get_attribute("max") == "61"
            assert await bar.get_attribute("value") == "20"
            results = await Axe().run(page)
            assert results.violations_count == 0, results.generate_report()
        narrow, _ = await open_page(chromium, 320)
        await narrow.goto(city.server.url)
        assert await narrow.evaluate("document.documentElement.scrollWidth") <= 320
        city.receipt(await city.send(draining, 20, count=30))
        await page.reload()
        assert await bar.get_attribute("value") == "50"
        assert "50 of 61 sent, 11 to go" in await page.locator("main").inner_text()
        city.receipt(await city.send(draining, 50))
        await page.reload()
        assert await bar.count() == 0
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
