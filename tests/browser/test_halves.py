"""A page that comes in two parts, as from a busy node, does not move when the second one comes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession, web
from playwright.async_api import Browser, Page

from tests.browser.looks import LOOKS, looking
from tests.browser.measure import MAXIMUM_SHIFT
from tests.browser.scene import Scene, scene

pytestmark = pytest.mark.browser

PATH: Final = "/kiosk/identify"
SECOND_PART: Final = b'<div id="called"'
"""In the middle of the foot, which is as high as its buttons need."""

WAITS: Final = b'<link rel="expect" href="#hold" blocking="render">'
PAINTED: Final = "() => performance.getEntriesByType('paint').length > 0"
A_MOMENT: Final = "() => new Promise((done) => setTimeout(done, 200))"
SHIFTED: Final = "() => window.shifted"


class Parts:
    """Stands before a node and holds back the second part of one page."""

    def __init__(self, url: str, leave_out: bytes) -> None:
        self.url = url
        self.rest = asyncio.Event()
        self._leave_out = leave_out

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What the node answers, in two parts if it is the page."""
        cookies = {"Cookie": request.headers.get("Cookie", "")}
        async with (
            ClientSession() as client,
            client.get(self.url + request.path_qs, headers=cookies) as got,
        ):
            body, kind = await got.read(), got.headers["Content-Type"]
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        if request.path == PATH:
            assert WAITS in body
            first, mark, second = body.replace(self._leave_out, b"").partition(SECOND_PART)
            assert mark
            await response.write(first)
            await self.rest.wait()
            body = mark + second
        with contextlib.suppress(ConnectionError):  # streams end when the page is left
            await response.write(body)
        return response


@contextlib.asynccontextmanager
async def first_part(
    chromium: Browser, place: Scene, leave_out: bytes = b"\0"
) -> AsyncIterator[tuple[Page, Parts]]:
    """A kiosk in large letters that has half a page."""
    parts = Parts(place.url, leave_out)
    app = web.Application()
    app.router.add_get("/{path:.*}", parts.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    try:
        async with looking(chromium, place, LOOKS["large"], "kiosk") as (page, _):
            address = f"http://localhost:{runner.addresses[0][1]}{PATH}"
            await page.goto(address, wait_until="commit")
            await page.locator("footer").wait_for(state="attached")
            yield page, parts
    finally:
        await runner.cleanup()


async def whole(page: Page, parts: Parts) -> float:
    """The rest comes; how far the page moved."""
    parts.rest.set()
    await page.wait_for_load_state("load")
    await page.wait_for_function(PAINTED)
    await page.evaluate(A_MOMENT)
    return float(await page.evaluate(SHIFTED))


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as opened:
        yield opened


async def test_half_a_page_is_not_painted_and_the_whole_one_does_not_move(
    place: Scene, chromium: Browser
) -> None:
    async with first_part(chromium, place) as (page, parts):
        await page.evaluate(A_MOMENT)
        assert not await page.evaluate(PAINTED)
        assert await whole(page, parts) == 0


async def test_half_a_page_that_is_painted_moves(place: Scene, chromium: Browser) -> None:
    async with first_part(chromium, place, leave_out=WAITS) as (page, parts):
        await page.wait_for_function(PAINTED)
        assert await whole(page, parts) > MAXIMUM_SHIFT
