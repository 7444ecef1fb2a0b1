"""`make screens`: every screen in every state and every printed paper, on one gallery page.

Then how quickly an old kiosk answers, each figure beside its goal. One browser and one station with
canned people; the tours of `tours.py` lead the way, so a screen that joins a tour is in the
gallery, too.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from playwright.async_api import Browser, Page, async_playwright
from rich.progress import Progress

from tests.browser import morning, papers
from tests.browser.figures import Figure, measure
from tests.browser.gallery import Gallery
from tests.browser.looks import LOOKS, Look, looking
from tests.browser.scene import Scene, scene
from tests.browser.tours import TOURS, Journey
from tests.browser.visits import Visit
from tests.chromium import launch

SETTLE_MS: Final = 120
SHOWN: Final = ("normal", "english-landscape", "large")
OUTPUT: Final = Path("build/screens")


def main(
    output: Annotated[Path, typer.Option(help="Folder for the gallery.")] = OUTPUT,
    only: Annotated[str, typer.Option(help="Only tours with this in their name.")] = "",
) -> None:
    """Take every picture and write `index.html` beside them."""
    gallery = Gallery(output)
    asyncio.run(_take_all(gallery, only))
    if only in "papers":
        papers.draw(gallery)
    typer.echo(f"{len(gallery)} pictures: {gallery.write()}")
    if only in "figures":
        for figure in asyncio.run(_measure()):
            typer.echo(figure.words)


async def _measure() -> list[Figure]:
    with TemporaryDirectory(prefix="figures-") as folder:
        async with scene(Path(folder), morning.ready) as place, async_playwright() as playwright:
            await morning.fill(place)
            browser = await launch(playwright)
            found = await measure(browser, place)
            await browser.close()
            return found


async def _take_all(gallery: Gallery, only: str) -> None:
    tours = {name: one for name, one in TOURS.items() if only in name}
    with TemporaryDirectory(prefix="screens-") as folder, Progress() as progress:
        bar = progress.add_task("Screens", total=len(tours) * len(SHOWN))
        async with scene(Path(folder), morning.ready) as place, async_playwright() as playwright:
            await morning.fill(place)
            browser = await launch(playwright)
            for name, journey in tours.items():
                for look in SHOWN:
                    if look == "large" and journey.area != "kiosk":
                        continue
                    section = f"{name}, {look}"
                    await _take(gallery, browser, place, (section, journey, LOOKS[look]))
                    progress.advance(bar)
            await browser.close()


async def _take(
    gallery: Gallery, browser: Browser, place: Scene, wanted: tuple[str, Journey, Look]
) -> None:
    """One tour in one way of looking; a tour that gets stuck shows where."""
    section, journey, look = wanted
    async with looking(browser, place, look, journey.area) as (page, _):
        page.set_default_timeout(8_000)
        try:
            async for stop in journey.tour(Visit(page, place)):
                await _picture(gallery, page, section, stop, whole=journey.area != "board")
        except Exception as error:  # noqa: BLE001 - the other screens are wanted all the same
            words = str(error).splitlines()[0]
            await _picture(gallery, page, section, f"STUCK at {page.url}: {words}", whole=True)


async def _picture(gallery: Gallery, page: Page, section: str, title: str, *, whole: bool) -> None:
    await page.wait_for_timeout(SETTLE_MS)
    await page.screenshot(path=gallery.place(section, title), full_page=whole)


if __name__ == "__main__":
    typer.run(main)
