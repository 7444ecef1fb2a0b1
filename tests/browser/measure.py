"""What a screen must keep whoever looks at it: accessible, large enough, never sideways."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import axe_playwright_python
from playwright.async_api import Page

from tests.browser.kiosk_tours import WELCOME
from tests.browser.looks import Look
from tests.browser.visits import Area
from tests.browser.walk import path_of

AXE: Final = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
MAXIMUM_SHIFT: Final = 0.01
"""Cumulative layout shift of a page and everything that happened on it, in its usual letters."""

MAXIMUM_SHIFT_OTHERWISE: Final = 0.15
"""In large letters, a narrow window or a zoom, where what comes later takes more room; and at a
counter, where a number that is called takes more room than the one before it."""

WIDER: Final = "() => Math.max(0, document.documentElement.scrollWidth - innerWidth)"
SMALL: Final = """(least) => [...document.querySelectorAll(
    "a[href], button, summary, select, textarea, input:not([type=hidden])")]
  .filter((part) => part.checkVisibility({ visibilityProperty: true }))
  .map((part) => [part, part.closest("label") ?? part])
  .filter(([part]) => !part.closest(".vh, .skip, .problem, p, [hidden]"))
  .map(([part, box]) => [part.outerHTML.slice(0, 90), box.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.height > 1 && box.height < least - 0.5)
  .map(([text, box]) => `${Math.round(box.height)} px high: ${text}`)"""
FAINT: Final = """(least) => [...document.querySelectorAll("body *")]
  .filter((part) => part.checkVisibility({ visibilityProperty: true })
    && !part.closest(".vh, .skip, svg, [hidden]")
    && [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .map((part) => [part.outerHTML.slice(0, 90), parseFloat(getComputedStyle(part).fontSize)])
  .filter(([, size]) => size < least - 0.1)
  .map(([text, size]) => `${size} px letters: ${text}`)"""
SHOWN: Final = """() => {
  const root = document.documentElement;
  return [root.lang, root.classList.contains("large")];
}"""
ALWAYS_THE_SAME: Final = (WELCOME, "/restarting")
"""Pages of both languages, in letters that are large for everybody."""

REFRESHED: Final = "/t/"
"""The page on a citizen's phone follows a queue as it moves, without a script (WCAG 2.2.1: a
real-time event)."""

VIOLATIONS: Final = "() => axe.run().then((found) => found.violations)"


class Least(NamedTuple):
    """The smallest target and the smallest letters (CSS pixels)."""

    target: int
    text: int


LEAST: Final[dict[Area, Least]] = {
    "kiosk": Least(72, 28),
    "work": Least(24, 13),
    "board": Least(24, 24),
    "phone": Least(24, 13),
}


async def violations(page: Page) -> list[str]:
    """What axe-core finds: WCAG 2.0 to 2.2 A and AA and best practice."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(AXE)
    found = await page.evaluate(VIOLATIONS)
    if path_of(page).startswith(REFRESHED):
        found = [one for one in found if one["id"] != "meta-refresh"]
    return [
        f"axe {one['id']}: {json.dumps([part['html'][:120] for part in one['nodes'][:3]])}"
        for one in found
    ]


async def otherwise(page: Page, look: Look, area: Area) -> list[str]:
    """A kiosk's page in another language or size than it is looked at in."""
    if area != "kiosk" or path_of(page) in ALWAYS_THE_SAME:
        return []
    language, large = await page.evaluate(SHOWN)
    wanted = (look.language, look.text == "large")
    return [] if (language, large) == wanted else [f"shown in {language}, large: {large}"]


def most_shift(area: Area, *, usual: bool) -> float:
    """How far a page may move by itself; `usual` letters in the window it is made for."""
    return MAXIMUM_SHIFT if usual and area != "work" else MAXIMUM_SHIFT_OTHERWISE


async def faults(page: Page, least: Least | None, most: float) -> list[str]:
    """Everything wrong with a page as it stands; ``least`` only where the window is full size.

    ``most`` is how far it may have moved by itself.
    """
    found = await violations(page)
    if wider := await page.evaluate(WIDER):
        found.append(f"{wider} px wider than the window")
    if least is not None:
        found += await page.evaluate(SMALL, least.target)
        found += await page.evaluate(FAINT, least.text)
    shift = float(await page.evaluate("() => window.shifted ?? 0"))
    if shift > most:
        who = await page.evaluate("() => [...window.shifters].join(', ')")
        found.append(f"the page moved by {shift:.3f}: {who}")
    return found


def prefixed(name: str, found: Iterable[str]) -> list[str]:
    """Each fault with the screen it was seen on."""
    return [f"{name}: {one}" for one in found]
