"""Every screen × {normal, landscape, large letters, double zoom, phone}: nothing to complain of.

The tours of `tours.py` run once for each way of looking; every fault of a way is reported at once.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser import measure, morning, pages, walk
from tests.browser.looks import LOOKS, looking
from tests.browser.scene import Scene, scene
from tests.browser.tours import TOURS
from tests.browser.visits import Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

EVERYDAY = ("large",)
"""The hardest way of looking in every test run; all five with WHOLE=1."""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path, morning.ready) as opened:
        await morning.fill(opened)
        yield opened


@pytest.mark.parametrize("name", LOOKS if os.environ.get("WHOLE") else EVERYDAY)
async def test_every_screen_is_for_everybody(place: Scene, chromium: Browser, name: str) -> None:
    found: list[str] = []
    visited: set[str] = set()
    look = LOOKS[name]
    for title, journey in TOURS.items():
        least = measure.LEAST[journey.area] if look.full else None
        most = measure.most_shift(journey.area, usual=name == "normal")
        async with looking(chromium, place, look, journey.area) as (page, watch):
            async for stop in journey.tour(Visit(page, place)):
                visited.add(pages.screen_at(walk.path_of(page)))
                found += measure.prefixed(stop, await measure.faults(page, least, most))
                found += measure.prefixed(stop, await measure.otherwise(page, look, journey.area))
            found += measure.prefixed(title, watch.said)
    found += measure.prefixed("no tour stops there", sorted(pages.screens() - visited))
    assert not found, "\n".join(found)


def test_a_screen_without_a_stop_would_be_noticed() -> None:
    assert pages.screen_at("/kiosk/ticket/done") == "/kiosk/ticket/done"
    assert pages.screen_at("/kiosk/questions/members") in pages.screens()
    assert pages.screen_at("/no-such-page") == ""
    assert set(pages.NO_SCREENS) <= set(pages.everything()), "an exception for no address"
