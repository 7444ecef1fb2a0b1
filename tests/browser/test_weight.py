"""How many bytes a page costs an old machine, counted by the browser itself."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, BrowserContext, CDPSession, Page

from edge_node.usecases import tracking
from tests.browser import morning
from tests.browser.scene import Scene, scene

pytestmark = pytest.mark.browser

KIOSK_COLD_BYTES: Final = 60 << 10
KIOSK_WARM_BYTES: Final = 15 << 10
PHONE_BYTES: Final = 15 << 10
KIOSK: Final = ("/kiosk", "/kiosk/procedures", "/kiosk/identify/type")


class Scale:
    """Counts what comes over the wire: headers and bodies as they were sent (bytes)."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes = 0
        session.on("Network.loadingFinished", self._finished)

    def _finished(self, event: dict[str, float]) -> None:
        self.bytes += int(event["encodedDataLength"])


async def weigh(page: Page, url: str) -> int:
    """What loading a page costs, with its fonts and scripts and whatever they fetch at once."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    scale = Scale(session)
    await page.goto(url, wait_until="load")
    await page.evaluate("() => document.fonts.ready.then(() => true)")
    await page.evaluate("() => fetch('/static/no-such-file').then(() => true)")
    await session.detach()
    return scale.bytes


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as opened:
        await morning.fill(opened)
        yield opened


@pytest.fixture
async def kiosk(chromium: Browser) -> AsyncIterator[BrowserContext]:
    # What a service worker fetches is not counted for the page.
    context = await chromium.new_context(
        viewport={"width": 1080, "height": 1920}, service_workers="block"
    )
    yield context
    await context.close()


@pytest.mark.parametrize("path", KIOSK)
async def test_a_kiosk_page_is_light(
    place: Scene,
    kiosk: BrowserContext,
    path: str,
    record_property: Callable[[str, object], None],
) -> None:
    page = await kiosk.new_page()
    cold = await weigh(page, place.url + path)
    warm = await weigh(page, place.url + path)
    record_property("measured", f"{path}: {cold} bytes cold, {warm} bytes warm")
    assert 10_000 < cold <= KIOSK_COLD_BYTES
    assert 500 < warm <= KIOSK_WARM_BYTES


@pytest.mark.parametrize("kind", ["number", "dossier", "unknown"])
async def test_the_page_on_a_phone_is_light_and_has_no_script(
    place: Scene, chromium: Browser, kind: str, record_property: Callable[[str, object], None]
) -> None:
    dossier = (await morning.dossiers(place))["submitted"]
    tokens = {
        "number": await tracking.token_of_number(place.station, "B002"),
        "dossier": tracking.token_of_dossier(bytes.fromhex(dossier)),
        "unknown": "AAAA",
    }
    context = await chromium.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=False
    )
    page = await context.new_page()
    cold = await weigh(page, f"{place.url}/t/{tokens[kind]}")
    record_property("measured", f"phone, {kind}: {cold} bytes cold")
    assert await page.locator("script").count() == 0
    assert await page.locator("main h1").is_visible()
    assert 1_000 < cold <= PHONE_BYTES
    await context.close()
