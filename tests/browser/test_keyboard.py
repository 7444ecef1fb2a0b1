"""Keys alone, or a switch that sends them: every place is reached, seen, and left again."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import morning, walk
from tests.browser.desk_tours import DESK_PAGES, WORK_PAGES, sign_in
from tests.browser.kiosk_steps import CARD, scan
from tests.browser.kiosk_tours import KIOSK_PAGES
from tests.browser.looks import LOOKS, looking
from tests.browser.scene import Scene, scene
from tests.browser.tours import PHONE_PAGES
from tests.browser.visits import Screen, Visit

pytestmark = pytest.mark.browser

MAXIMUM_TABS: Final = 250
RING: Final = """() => {
  const part = document.activeElement;
  if (!part || part === document.body) return "";
  const box = part.closest("label") ?? part;
  const seen = [part, box, part.parentElement].some((one) => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
      || style.boxShadow !== "none";
  });
  return `${seen ? "seen" : "UNSEEN"} ${part.outerHTML.slice(0, 100)}`;
}"""
NAME: Final = """(part) => [part.tagName, part.id, part.getAttribute("name"), part.value,
  part.getAttribute("href"), part.getAttribute("formaction"), part.textContent.trim()].join("|")"""
# Live parts of a page are replaced while somebody tabs through it: places are known by name. Some
# share one (a button in every row), so that a round ends only where it began.
REACHED: Final = f"""() => {{
  const reached = window.reached ??= new Set();
  const name = ({NAME})(document.activeElement);
  const around = name === window.began;
  window.began ??= name;
  reached.add(name);
  return around;
}}"""
MISSED: Final = f"""() => {{
  const name = {NAME};
  const parts = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter((part) => part.checkVisibility({{ visibilityProperty: true }})
      && part.tabIndex >= 0 && !part.disabled);
  const groups = new Set(parts.filter((part) => window.reached.has(name(part)))
    .map((part) => part.name));
  return parts.filter((part) => !window.reached.has(name(part)))
    .filter((part) => part.type !== "radio" || !groups.has(part.name))
    .map((part) => part.outerHTML.slice(0, 100));
}}"""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path, morning.ready) as opened:
        await morning.fill(opened)
        yield opened


async def round_of(page: Page) -> list[str]:
    """Tab through a page until it begins again: what cannot be seen, or reached, or left."""
    found: list[str] = []
    await page.evaluate("() => document.activeElement?.blur()")
    for _ in range(MAXIMUM_TABS):
        await page.keyboard.press("Tab")
        here = str(await page.evaluate(RING))
        if here.startswith("UNSEEN"):
            found.append(here)
        if here and await page.evaluate(REACHED):
            break
        if not here and not await page.evaluate("() => 'began' in window"):
            break  # nothing on this page takes the focus
    else:
        found.append(f"a trap: still inside after {MAXIMUM_TABS} tabs")
    return [*dict.fromkeys(found)] + [f"out of reach: {one}" for one in await page.evaluate(MISSED)]


@pytest.mark.parametrize("area", ("kiosk", "work") if os.environ.get("WHOLE") else ("kiosk",))
async def test_every_place_is_reached_and_seen(place: Scene, chromium: Browser, area: str) -> None:
    found: list[str] = []
    async with looking(chromium, place, LOOKS["normal"], "work") as (page, _):
        pages: tuple[Screen, ...] = KIOSK_PAGES
        if area == "work":
            await sign_in(Visit(page, place))
            pages = (*DESK_PAGES, *WORK_PAGES[1:], *PHONE_PAGES)
        for one in pages:
            await page.goto(place.url + one.path)
            found += [f"{one.name}: {fault}" for fault in await round_of(page)]
    assert not found, "\n".join(found)


async def test_a_hidden_ring_is_noticed(place: Scene, chromium: Browser) -> None:
    async with looking(chromium, place, LOOKS["normal"], "work") as (page, _):
        await page.goto(f"{place.url}/kiosk/ticket")
        await page.evaluate(
            "() => document.querySelectorAll('button').forEach((one) => {"
            " one.style.outline = 'none'; one.style.boxShadow = 'none'; })"
        )
        assert any(fault.startswith("UNSEEN") for fault in await round_of(page))


async def reach(page: Page, target: str) -> None:
    """Tab until the focus stands on something that fits."""
    for _ in range(MAXIMUM_TABS):
        await page.keyboard.press("Tab")
        if await page.evaluate("(one) => document.activeElement.matches(one)", target):
            assert (await page.evaluate(RING)).startswith("seen")
            return
    raise AssertionError(f"{target} cannot be reached on {page.url}")


async def press(page: Page, target: str, key: str = "Enter") -> None:
    """Reach something, press it, and wait for the page that follows."""
    before = await walk.mark(page)
    await reach(page, target)
    await page.keyboard.press(key)
    await walk.arrive(page, before)


async def key_step(page: Page) -> None:
    """Leave a page of the form with keys alone."""
    field = page.locator("#answer[type=text], #answer:not([type])")
    if "/kiosk/questions/" in page.url and await field.count():
        await field.focus()
        await page.keyboard.type("2")
        before = await walk.mark(page)
        await page.keyboard.press("Enter")
        await walk.arrive(page, before)
        return
    if await page.locator("button.choice").count():
        await press(page, "button.choice")
        return
    if await page.locator(".choice input[type=radio]").count():
        await reach(page, ".choice input")
        await page.keyboard.press("Space")
    await press(page, ".go .button-main, .key-go")


async def test_a_form_with_keys_alone(place: Scene, chromium: Browser) -> None:
    async with looking(chromium, place, LOOKS["english-landscape"], "kiosk") as (page, watch):
        await press(page, "a[href*='res-temporary']")
        await press(page, ".go form button")
        before = await walk.mark(page)
        await scan(page, CARD)
        await walk.arrive(page, before)
        for _ in range(walk.MAXIMUM_PAGES):
            if walk.path_of(page) in walk.DONE:
                break
            await key_step(page)
        await expect(page.locator(".stub-number")).to_be_visible()
        await press(page, ".help-main")
        assert walk.path_of(page) == "/kiosk"
        assert watch.said == []
