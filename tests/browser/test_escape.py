"""Nobody leaves the kiosk: every attempt of the catalogue ends on our page, with nothing stored."""

import asyncio
import os
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from edge_node.usecases import lookup
from tests.browser import attempts, walk
from tests.browser.attempts import HANDS, POLICED, TEXTS, WIRES, Wire
from tests.browser.looks import LOOKS, looking
from tests.browser.scene import Scene, scene
from tests.browser.watch import Watch, refuse_dialogs

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
WHOLE = bool(os.environ.get("WHOLE"))

UNSTOPPED: Final = """
  window.unstopped = [];
  for (const name of ["keydown", "contextmenu", "dragstart", "drop", "auxclick"]) {
    addEventListener(name, (event) => {
      if (!event.defaultPrevented) window.unstopped.push(`${name} ${event.key ?? ""}`.trim());
    });
  }
"""
NEW_WINDOWS: Final = (
    "() => document.querySelectorAll('a[target], form[target], a[download]').length"
)
ANSWER_BYTES: Final = 100_000
HOSTILE: Final = "<b>7</b>{{ 7*7 }}' OR 1=1"
FIELDS: Final = {
    "/kiosk/identify/type": ("#id_number", "#full_name", "#date_of_birth"),
    "/kiosk/find": ("#number",),
    "/kiosk/procedures": ("#q",),
}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as opened:
        yield opened


def test_the_catalogue_is_long_enough() -> None:
    assert len(HANDS) + len(TEXTS) + len(WIRES) >= 40


async def outside(page: Page, place: Scene) -> list[str]:
    """What shows that somebody got out of the kiosk."""
    found = [
        f"not stopped: {one}"
        for one in await page.evaluate("() => window.unstopped ?? []")
        if one.partition(" ")[2] not in attempts.UNGUARDED
    ]
    if await page.evaluate(NEW_WINDOWS):
        found.append("a link that opens a window")
    if not page.url.startswith(f"{place.url}/kiosk"):
        found.append(f"on {page.url}")
    if len(page.context.pages) != 1:
        found.append(f"{len(page.context.pages)} windows")
    if len(page.frames) > 1 and any(one.url.startswith("http") for one in page.frames[1:]):
        found.append("a frame with a page in it")
    return found


async def attempt(page: Page, place: Scene, name: str, watch: Watch) -> list[str]:
    """One attempt from the first screen, which it leaves as it found it; what came of it."""
    watch.said.clear()
    await HANDS[name](page)
    await page.wait_for_timeout(30)
    found = await outside(page, place)
    if name not in POLICED:
        found += watch.said
    for window in page.context.pages[1:]:
        await window.close()
    await page.goto(f"{place.url}/kiosk")
    await expect(page.locator("main h1").first).to_be_visible()
    return [f"{name}: {one}" for one in found]


async def test_no_hand_gets_out(place: Scene, chromium: Browser) -> None:
    found: list[str] = []
    async with looking(chromium, place, LOOKS["normal"], "kiosk") as (page, watch):
        refuse_dialogs(watch, page)
        await page.add_init_script(UNSTOPPED)
        await page.goto(f"{place.url}/kiosk")
        for name in HANDS:
            found += await attempt(page, place, name, watch)
    assert not found, "\n".join(found)
    assert await lookup.worklist(place.station) == []


async def test_leaving_is_noticed(place: Scene, chromium: Browser) -> None:
    async with looking(chromium, place, LOOKS["normal"], "kiosk") as (page, _):
        await page.goto("data:text/html,out")
        assert await outside(page, place) != []


async def test_no_text_gets_out(place: Scene, chromium: Browser) -> None:
    """Every hostile text in a page's fields and as a scan: our page, our words, nothing run.

    The pages take turns; with WHOLE=1 every text is tried in all of them.
    """
    found: list[str] = []
    async with looking(chromium, place, LOOKS["normal"], "kiosk") as (page, watch):
        refuse_dialogs(watch, page)
        pages = list(FIELDS.items())
        for turn, (name, text) in enumerate(TEXTS.items()):
            for path, fields in pages if WHOLE else [pages[turn % len(pages)]]:
                await page.goto(place.url + path)
                for field in fields:
                    await page.fill(field, text)
                await page.locator(fields[-1]).press("Enter")
                await settle(page)
                found += [f"{name} in {path}: {one}" for one in await outside(page, place)]
            found += [f"{name} scanned: {one}" for one in await scanned(page, place, text)]
            found += [f"{name}: {one}" for one in watch.said]
            watch.said.clear()
    assert not found, "\n".join(found)
    assert await lookup.worklist(place.station) == []


async def settle(page: Page) -> None:
    """Until the station has answered whatever was sent."""
    await page.wait_for_function("() => !document.querySelector('[data-busy]')")


async def scanned(page: Page, place: Scene, text: str) -> list[str]:
    """A code laid on the reader, as the reader's program hands it to the page."""
    await page.goto(f"{place.url}/kiosk/identify")
    await page.evaluate(
        "(detail) => document.dispatchEvent(new CustomEvent('scan', {detail}))", text
    )
    await settle(page)
    found = await outside(page, place)
    if await page.locator("main h1").count() == 0:
        found.append("no page of ours")
    return found


async def test_a_text_is_shown_as_it_is(place: Scene, chromium: Browser) -> None:
    """What passes the rules of an answer is text everywhere, also in what is stored."""
    async with looking(chromium, place, LOOKS["normal"], "kiosk") as (page, watch):
        await walk.start(page, place.url)
        await walk.until(page, "/kiosk/questions/new_address")
        await page.locator("#answer").first.fill(HOSTILE)
        before = await walk.mark(page)
        await page.locator("#answer").first.press("Enter")
        await walk.arrive(page, before)
        await walk.until(page, "/kiosk/check")
        await expect(page.locator("main")).to_contain_text(HOSTILE)
        await walk.finish(page)
        assert watch.said == []
    line = (await lookup.worklist(place.station))[0]
    kept = await lookup.dossier(place.station, line.dossier_id)
    assert kept.answers["new_address"] == HOSTILE


def ask(url: str, wire: Wire) -> tuple[int, bytes]:
    """Send a request byte for byte, without a browser's good manners."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
    try:
        connection.putrequest(wire.method, wire.path, skip_host="Host" in wire.headers)
        for name, value in wire.headers.items():
            connection.putheader(name, value)
        if wire.body:
            connection.putheader("Content-Length", str(len(wire.body)))
        connection.endheaders(wire.body or None)
        answer = connection.getresponse()
        endless = answer.getheader("Content-Type", "").startswith("text/event-stream")
        return answer.status, b"" if endless else answer.read(ANSWER_BYTES)
    finally:
        connection.close()


async def test_no_request_gets_in(place: Scene) -> None:
    found: list[str] = []
    for name, wire in WIRES.items():
        try:
            status, body = await asyncio.to_thread(ask, place.url, wire)
        except ConnectionError:
            continue  # cut off while still sending: as good as refused
        if status not in wire.expected:
            found.append(f"{name}: {status}")
        if b"Traceback" in body or b"root:" in body:
            found.append(f"{name}: says too much")
    assert not found, "\n".join(found)
    assert await lookup.worklist(place.station) == []
