"""A real station behind a real browser: start, stop, look, measure."""

import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from edge_node.health.examine import Devices, examine
from edge_node.usecases import intake
from edge_node.usecases.intake import ApplicantInput, Asked, DocumentInput, SubmitDossier
from edge_node.usecases.scans import ScanDesk
from edge_node.usecases.station import Station
from edge_node.web.app import create_app
from tests.web.station import PIN, TestClock, open_station

NAME = "Nguyễn Thị Hoa Mẫu"
PROCEDURE = "res-temporary"
TARGETS = """() => [...document.querySelectorAll("a, button, input, textarea, label")]
  .filter((one) => one.checkVisibility())
  .filter((one) => !one.closest(".skip, .vh, .field-label, label:has(input) *"))
  .map((one) => [one.outerHTML.slice(0, 80), one.closest("label") ?? one])
  .map(([html, one]) => [html, one.getBoundingClientRect().height])
  .filter(([, height]) => height < 40)"""


class Node:
    """The station's web server, which a test may stop and start again."""

    def __init__(self, station: Station, clock: TestClock, folder: Path) -> None:
        self.station = station
        self.clock = clock
        self.devices = Devices(data_directory=folder, version="test")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._runner: web.AppRunner | None = None

    def url(self, path: str) -> str:
        return f"http://localhost:{self.port}{path}"

    async def start(self) -> None:
        station = self.station
        app = create_app(
            station,
            health=lambda: examine(station, self.devices),
            scans=ScanDesk(station.changes),
            version="test",
        )
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "localhost", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def file_dossier(self, key: str) -> str:
        """A dossier with all its papers and no answers; its id."""
        procedure = self.station.catalogue.procedure(PROCEDURE)
        command = SubmitDossier(
            procedure_id=PROCEDURE,
            applicant=ApplicantInput(full_name=NAME, id_number="079157000012"),
            documents=[
                DocumentInput(id=one.id, have=turn > 0)
                for turn, one in enumerate(procedure.documents)
            ],
        )
        submission = await intake.submit_dossier(self.station, command, Asked(key, "kiosk"))
        return submission.answer.dossier_id


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Node]:
    """A started node over a fresh station."""
    clock = TestClock()
    async with open_station(folder, clock) as station:
        node = Node(station, clock, folder)
        await node.start()
        try:
            yield node
        finally:
            await node.stop()


async def sign_in(page: Page, node: Node) -> None:
    """Through the door with the keyboard alone."""
    await page.goto(node.url("/counter/sign-in"))
    await page.locator("input[value=minh]").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PIN)
    await page.keyboard.press("Enter")
    await page.locator(".desk").wait_for()


async def faults(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands."""
    results = await Axe().run(page)
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in results.response["violations"]]


async def overflow(page: Page, width: int, height: int) -> int:
    """How far the page scrolls sideways at this size (CSS pixels)."""
    before = page.viewport_size
    await page.set_viewport_size({"width": width, "height": height})
    found = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if before is not None:
        await page.set_viewport_size(before)
    return int(found)


async def small_targets(page: Page) -> list[object]:
    """Controls lower than 40 px."""
    return list(await page.evaluate(TARGETS))
