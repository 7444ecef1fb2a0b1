"""`make screens`: a picture of every screen and every printed paper, on one gallery page.

The screens are those of a real station in the middle of a day: the demonstration's processes, an
invented citizen, a line that is cut near the end.
"""

import asyncio
import html
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, NamedTuple

import typer
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from rich.progress import Progress

from tests.browser.conftest import ARGUMENTS, CHROMIUM, SIZES
from tests.browser.kiosk_steps import answer_question, go_on, send_form
from tests.journeys.station_day import StationDay, station_day
from tests.journeys.test_touch_to_receipt import newest, receive_at_counter, scan

WORK = (1366, 768)
BOARD = (1920, 1080)
SETTLE_MS = 400
SCREENS = 30

Size = tuple[int, int]


class Gallery(NamedTuple):
    """Where pictures go, and the bar that says how far it is."""

    folder: Path
    taken: list[str]
    progress: Progress

    async def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        """One picture, after live parts had their moment."""
        await page.wait_for_timeout(SETTLE_MS)
        await page.screenshot(path=self.folder / f"{name}.png", full_page=whole)
        self._note(f"{name}.png")

    def keep(self, file: Path, name: str) -> None:
        """A printed paper."""
        shutil.copy(file, self.folder / f"{name}.png")
        self._note(f"{name}.png")

    def _note(self, name: str) -> None:
        self.taken.append(name)
        self.progress.advance(self.progress.task_ids[0])


def main(
    output: Annotated[Path, typer.Option(help="Folder for the gallery.")] = Path("build/screens"),
) -> None:
    """Take every picture and write `index.html` beside them."""
    output.mkdir(parents=True, exist_ok=True)
    with Progress() as progress:
        progress.add_task("Screens", total=SCREENS)
        gallery = Gallery(output, [], progress)
        asyncio.run(_take_all(gallery))
        progress.update(progress.task_ids[0], completed=SCREENS)
    figures = "".join(
        f'<figure><a href="{name}"><img src="{name}" alt=""></a>'
        f"<figcaption>{html.escape(name)}</figcaption></figure>"
        for name in gallery.taken
    )
    page = output / "index.html"
    page.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Screens</title><style>'
        "body{font:16px sans-serif;display:grid;gap:16px;"
        "grid-template-columns:repeat(auto-fill,minmax(320px,1fr))}"
        f"img{{width:100%;border:1px solid #999}}figure{{margin:0}}</style>{figures}</html>"
    )
    typer.echo(f"{len(gallery.taken)} pictures: {page}")


async def _take_all(gallery: Gallery) -> None:
    with TemporaryDirectory(prefix="screens-") as name:
        async with station_day(Path(name)) as day, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            await _kiosk(gallery, day, browser)
            await _work(gallery, day, browser)
            await _outage(gallery, day, browser)
            await browser.close()


async def _context(browser: Browser, size: Size) -> BrowserContext:
    return await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, ignore_https_errors=True
    )


async def _kiosk(gallery: Gallery, day: StationDay, browser: Browser) -> None:
    page = await (await _context(browser, SIZES["upright"])).new_page()
    kiosk = day.facts["urls"]["kiosk"]
    for name, path in (
        ("K1-home", ""),
        ("K1-home-english", "?lang=en"),
        ("K2-procedures", "/procedures?lang=vi"),
        ("K3-procedure", "/procedures/res-temporary"),
    ):
        await page.goto(kiosk + path)
        await gallery.take(page, name)
    await page.locator(".go form button").click()
    await page.wait_for_url("**/kiosk/identify")
    await gallery.take(page, "K4-identify")
    await scan(day, page)
    await gallery.take(page, "K5-person")
    await page.locator(".go .button-main").click()
    await page.wait_for_url("**/kiosk/questions/**")
    while "/questions/" in page.url:
        await gallery.take(page, f"K6-{page.url.rpartition('/')[2]}")
        await answer_question(page)
    await gallery.take(page, "K7-papers")
    await page.locator(".choice").first.click()
    await go_on(page)
    await page.wait_for_url("**/kiosk/phone")
    await gallery.take(page, "K10-phone")
    await page.fill("#phone", "0901234567")
    await go_on(page)
    await page.wait_for_url("**/kiosk/check")
    await gallery.take(page, "K9-check")
    await send_form(page)
    await gallery.take(page, "K14-done")
    ticket = await day.until("ticket", lambda: _paper(day, "ticket"))
    gallery.keep(ticket, "P1-ticket")


async def _work(gallery: Gallery, day: StationDay, browser: Browser) -> None:
    for number in range(4):
        await day.submit_until_answered(f"screens-{number}")
    context = await _context(browser, WORK)
    page = await context.new_page()
    await page.goto(day.facts["urls"]["counter"])
    await gallery.take(page, "C1-sign-in")
    await receive_at_counter(day, page)
    await gallery.take(page, "C2-received")
    await page.keyboard.press("F2")
    await page.locator(".number b", has_text="A002").wait_for()
    await gallery.take(page, "C3-workspace")
    gallery.keep(await day.until("slip", lambda: _paper(day, "slip")), "P2-appointment-slip")
    for name, size in (("display", BOARD), ("status", WORK), ("city", WORK), ("desk", WORK)):
        other = await context.new_page()
        await other.set_viewport_size({"width": size[0], "height": size[1]})
        await other.goto(day.facts["urls"][name])
        await gallery.take(other, f"{name}", whole=name != "display")


async def _outage(gallery: Gallery, day: StationDay, browser: Browser) -> None:
    await day.line("cut")
    for number in range(3):
        await day.submit_until_answered(f"outage-{number}")
    status = await (await _context(browser, WORK)).new_page()
    await status.goto(day.facts["urls"]["status"])
    await status.locator("#checks", has_text="3 hồ sơ").wait_for()
    await gallery.take(status, "status-no-line", whole=True)
    kiosk = await (await _context(browser, SIZES["landscape"])).new_page()
    await kiosk.goto(day.facts["urls"]["kiosk"])
    await gallery.take(kiosk, "K1-no-line-landscape")


async def _paper(day: StationDay, role: str) -> Path | None:
    return await asyncio.to_thread(newest, day.state / "paper" / role, "*.png")


if __name__ == "__main__":
    typer.run(main)
