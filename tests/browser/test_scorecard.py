"""Every screen × {normal, landscape, large letters, double zoom, phone}: nothing to complain of.

The tours of `tours.py` run once for each way of looking; every fault of a way is reported at once.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser import measure, morning
from tests.browser.looks import LOOKS, looking
from tests.browser.scene import Scene, scene
from tests.browser.tours import TOURS, Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

EVERYDAY = ("large",)
"""The hardest way of looking in every test run; all five with WHOLE=1."""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path, morning.staff) as opened:
        await morning.fill(opened)
        yield opened


@pytest.mark.parametrize("name", LOOKS if os.environ.get("WHOLE") else EVERYDAY)
async def test_every_screen_is_for_everybody(place: Scene, chromium: Browser, name: str) -> None:
    found: list[str] = []
    look = LOOKS[name]
    for title, journey in TOURS.items():
        least = measure.LEAST[journey.area] if look.full else None
        most = measure.most_shift(journey.area, usual=name == "normal")
        async with looking(chromium, place, look, journey.area) as (page, watch):
            async for stop in journey.tour(Visit(page, place)):
                found += measure.prefixed(stop, await measure.faults(page, least, most))
            found += measure.prefixed(title, watch.said)
    assert not found, "\n".join(found)
