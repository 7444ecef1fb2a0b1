"""Devices that fail one by one: whoever came still goes home with a number that counts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from edge_node.usecases import lookup, printing
from edge_node.usecases.printing import Desk
from edge_node.usecases.station import Station
from hardware.ports import ClockReading, DocumentFormat, Media, PrintJob
from hardware.printing.escpos import EscposPrinter
from tests.browser import walk
from tests.browser.kiosk_steps import type_identity
from tests.browser.looks import LOOKS, looking
from tests.browser.scene import Scene, scene
from tests.node.process import free_port
from tests.web.station import TestClock

pytestmark = pytest.mark.browser


class LostClock(TestClock):
    """A machine without a battery in its clock."""

    def read(self) -> ClockReading:
        right = super().read()
        return ClockReading(right.mono_ms, 86_400_000, 0)


def lose_clock(station: Station) -> None:
    station.clock = LostClock()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as opened:
        yield opened


async def print_to_nothing(station: Station) -> None:
    """What the station's loop does with a ticket while the printer is off."""
    printer = EscposPrinter("127.0.0.1", free_port(), width_dots=576)

    def draw(row: object, ahead: int) -> PrintJob:
        return PrintJob(
            job_id="1",
            title="ticket",
            document=b"",
            document_format=DocumentFormat.PNG,
            media=Media.ROLL_80,
        )

    assert await printing.print_next(station, Desk("ticket", printer, draw))


async def journey(page: Page, url: str) -> str:
    await walk.start(page, url)
    return await walk.finish(page)


async def test_without_a_printer_the_number_counts(place: Scene, chromium: Browser) -> None:
    async with looking(chromium, place, LOOKS["normal"], "kiosk") as (page, _):
        number = await journey(page, place.url)
        await print_to_nothing(place.station)
        await page.reload()
        await expect(page.locator("#paper .notice-warn")).to_contain_text(number)
    assert len(await lookup.worklist(place.station)) == 1


async def test_without_a_scanner_one_types(place: Scene, chromium: Browser) -> None:
    async with looking(chromium, place, LOOKS["normal"], "kiosk") as (page, _):
        await walk.start(page, place.url)
        await walk.until(page, "/kiosk/identify")
        await page.goto(f"{place.url}/kiosk/identify/type")
        await type_identity(page)
        assert await walk.finish(page) == "A001"


async def test_without_a_camera_the_paper_is_brought(place: Scene, chromium: Browser) -> None:
    async with looking(chromium, place, LOOKS["normal"], "kiosk") as (page, watch):
        await page.context.clear_permissions()
        await walk.start(page, place.url)
        await walk.until(page, "/kiosk/papers")
        photo = page.locator("a[href*='/photo'], button[formaction*='/photo']")
        if await photo.count():
            before = await walk.mark(page)
            await photo.first.click()
            await walk.arrive(page, before)
            await page.goto(f"{place.url}/kiosk/papers")
        assert await walk.finish(page) == "A001"
        assert watch.said == []


async def test_a_clock_that_is_lost_stops_nobody(tmp_path: Path, chromium: Browser) -> None:
    async with (
        scene(tmp_path, lose_clock) as place,
        looking(chromium, place, LOOKS["normal"], "kiosk") as (page, _),
    ):
        assert await journey(page, place.url) == "A001"
