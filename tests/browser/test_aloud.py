"""Reading aloud in a real browser, with clips that a program really spoke."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, expect

from edge_node.domain.voice_rules import VoiceRules
from edge_node.web.prompts import clip_name
from edge_node.web.voice import clips, make
from edge_node.web.voice.desk import Voice
from tests.browser.conftest import SIZES, Node
from tests.browser.kiosk_steps import open_page, start_form
from tests.web.station import TestClock

pytestmark = [pytest.mark.browser, pytest.mark.voice]

UPRIGHT = SIZES["upright"]
SCREENS = ("home", "procedure", "procedures", "identify", "person", "question")
LISTEN = """
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () { window.voice = this; return play.call(this); };
  const refuse = (event) => { window.refused = event.blockedURI; };
  document.addEventListener("securitypolicyviolation", refuse);
"""
SPEAKS = "name => window.voice?.currentTime > 0.2 && window.voice.src.endsWith(name)"


@pytest.fixture
async def speaking(tmp_path: Path) -> AsyncIterator[Node]:
    """A station that has clips of some screens, in Vietnamese."""
    folder = tmp_path / "voice"
    folder.mkdir()
    names = [clip_name(screen, "vi") for screen in SCREENS]
    said = make.prompts()["vi"]
    make.build_prompts(folder, "vi", {name: said[name] for name in names})
    voice = Voice(clips.read_clips([]), VoiceRules(), (folder,))
    running = Node(tmp_path, TestClock(), voice)
    await running.start()
    yield running
    await running.stop()


async def speaks(page: Page, screen: str) -> None:
    """Wait until the clip of a screen has been heard for a moment."""
    await page.wait_for_function(SPEAKS, arg=f"/{clip_name(screen, 'vi')}.wav")


async def is_silent(page: Page) -> bool:
    return bool(
        await page.evaluate("() => window.voice.paused && !window.voice.getAttribute('src')")
    )


async def test_a_touch_reads_the_page_and_the_next_one_reads_itself(
    speaking: Node, chromium: Browser
) -> None:
    async with open_page(chromium, speaking.url, UPRIGHT) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(heard_of(request)))
        await page.add_init_script(LISTEN)
        await page.reload()
        await expect(page.locator("[href*='sound=aloud']")).to_be_visible()
        assert [one for one in asked if one] == [], "nothing is fetched before somebody asks"
        await page.locator("[href*='sound=aloud']").click()
        await speaks(page, "home")
        assert await page.evaluate("() => !window.voice.error && window.voice.duration > 3")
        await page.locator(".wide").click()
        await page.wait_for_url("**/kiosk/procedures")
        await speaks(page, "procedures")
        before = await page.evaluate("() => window.voice.currentTime")
        await page.locator("[data-clip]").click()
        await page.wait_for_function("then => window.voice.currentTime < then", arg=before)
        await speaks(page, "procedures")
        await page.locator("[href*='sound=off']").click()
        await expect(page.locator("[data-clip]")).to_have_count(0)
        assert await page.evaluate("() => window.voice.paused")
        assert await page.evaluate("() => window.refused") is None


def heard_of(request: Request) -> str:
    """The part of a request that only a listener's browser may ask for."""
    wanted = "/voice/" in request.url or "aloud.js" in request.url
    return request.url if wanted else ""


async def test_the_voice_ends_with_the_visit(speaking: Node, chromium: Browser) -> None:
    async with open_page(chromium, speaking.url, UPRIGHT) as page:
        await page.add_init_script(LISTEN)
        await page.goto(f"{speaking.url}/kiosk?sound=aloud")
        await start_form(page, speaking.url)
        await speaks(page, "question")
        await page.locator(".help-main").click()
        await page.wait_for_url("**/kiosk")
        await expect(page.locator(".tiles")).to_be_visible()
        assert await is_silent(page)
        await expect(page.locator("[data-clip]")).to_have_count(0)
        assert await page.context.cookies() == []


async def test_an_empty_desk_falls_silent(speaking: Node, chromium: Browser) -> None:
    async with open_page(chromium, speaking.url, UPRIGHT) as page:
        await page.clock.install()
        await page.add_init_script(LISTEN)
        await page.goto(f"{speaking.url}/kiosk?sound=aloud")
        await start_form(page, speaking.url)
        await speaks(page, "question")
        await page.clock.run_for(3 * 60_000 + 31_000)
        await page.wait_for_url("**/kiosk")
        await expect(page.locator(".tiles")).to_be_visible()
        assert await is_silent(page)


async def test_no_clip_is_kept_by_the_worker(speaking: Node, chromium: Browser) -> None:
    async with open_page(chromium, speaking.url, UPRIGHT) as page:
        await page.add_init_script(LISTEN)
        await page.goto(f"{speaking.url}/kiosk")
        await page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        await page.locator("[href*='sound=aloud']").click()
        await speaks(page, "home")
        kept = await page.evaluate(
            "async () => { const found = []; for (const name of await caches.keys())"
            " for (const one of await (await caches.open(name)).keys()) found.push(one.url);"
            " return found; }"
        )
        assert kept, "the page of the restarting node is there"
        assert [address for address in kept if "/voice/" in address] == []
