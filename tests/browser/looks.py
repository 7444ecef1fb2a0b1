"""The ways in which every screen is looked at: window, language, size of letters."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from playwright.async_api import Browser, Page

from tests.browser.conftest import SIZES
from tests.browser.scene import Scene
from tests.browser.visits import Area
from tests.browser.watch import Watch

FULL_SIZES: Final[dict[Area, tuple[int, int]]] = {
    "kiosk": SIZES["upright"],
    "work": (1366, 768),
    "board": (1920, 1080),
    "phone": (360, 740),
}
"""The window that each kind of screen is made for (CSS pixels)."""


class Look(NamedTuple):
    """A way of looking."""

    language: str
    size: tuple[int, int] | None = None
    text: str = "normal"
    full: bool = True
    """Whether the window is one that kiosks and counters are made for; boards keep their own."""

    def window(self, area: Area) -> tuple[int, int]:
        """Width and height in CSS pixels for this kind of screen."""
        if self.size is None or (self.full and area not in {"kiosk", "work"}):
            return FULL_SIZES[area]
        return self.size


LOOKS: Final = {
    "normal": Look("vi"),
    "english-landscape": Look("en", SIZES["landscape"]),
    "large": Look("vi", text="large"),
    "double-zoom": Look("en", (683, 384), full=False),
    "phone": Look("vi", (320, 640), full=False),
}


@asynccontextmanager
async def looking(
    browser: Browser, scene: Scene, look: Look, area: Area
) -> AsyncIterator[tuple[Page, Watch]]:
    """A fresh browser that looks in this way, and what it notices."""
    width, height = look.window(area)
    context = await browser.new_context(viewport={"width": width, "height": height})
    watch = Watch()
    await watch.follow(context)
    page = await context.new_page()
    page.set_default_timeout(20_000)
    await page.goto(f"{scene.url}/kiosk?lang={look.language}&text={look.text}")
    try:
        yield page, watch
    finally:
        await context.close()
