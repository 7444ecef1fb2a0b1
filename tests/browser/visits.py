"""One browser at one station, and what leads it from screen to screen.

A tour leads one page from state to state and stops wherever there is something to look at. What
looks (pictures, accessibility, sizes) is somebody else's business.
"""

from collections.abc import AsyncIterator, Callable
from typing import Literal, NamedTuple

from playwright.async_api import Page

from tests.browser.scene import Scene

Area = Literal["kiosk", "work", "board", "phone"]


class Visit(NamedTuple):
    """One page at one station."""

    page: Page
    scene: Scene

    async def open(self, path: str) -> None:
        await self.page.goto(self.scene.url + path)


Stops = AsyncIterator[str]
Tour = Callable[[Visit], Stops]


class Screen(NamedTuple):
    """A page that an address alone opens."""

    name: str
    path: str


def addresses(screens: tuple[Screen, ...]) -> Tour:
    """A tour of pages that an address alone opens."""

    async def tour(visit: Visit) -> Stops:
        for screen in screens:
            await visit.open(screen.path)
            yield screen.name

    return tour
