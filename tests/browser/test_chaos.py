"""The node is killed in the middle of forms: every form ends with its number, once.

Twenty seeded moments, spread over all pages of the form, before and after a page is sent. Usually
five journeys suffer four kills each; with WHOLE=1 twenty journeys suffer one each as well.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser

from tests.browser import walk
from tests.browser.conftest import SIZES
from tests.browser.machine import Machine
from tests.browser.watch import Watch

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MOMENTS: Final = 20
PAGES: Final = 12
"""Pages of the commonest form, from its description to its number."""

LONGEST_DELAY_S: Final = 0.15
PATIENCE_MS: Final = 90_000
JOURNEYS: Final = (5, 20) if os.environ.get("WHOLE") else (5,)


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    opened = Machine(tmp_path)
    await opened.start()
    yield opened
    await opened.kill()


def plan(journeys: int) -> list[dict[int, float]]:
    """For each journey: before leaving which page the node gets how long to live (seconds)."""
    chance = random.Random(f"chaos {journeys}")  # noqa: S311 - replayable, not secret
    each = MOMENTS // journeys
    pages = [page for _ in range(1 + MOMENTS // PAGES) for page in range(PAGES)]
    return [
        {
            page: chance.uniform(0, LONGEST_DELAY_S)
            for page in pages[turn * each : turn * each + each]
        }
        for turn in range(journeys)
    ]


async def journey(browser: Browser, machine: Machine, kills: Mapping[int, float]) -> str:
    """One citizen, card to number, through the kills; nothing but our pages is ever seen."""
    width, height = SIZES["upright"]
    context = await browser.new_context(viewport={"width": width, "height": height})
    watch = Watch()
    watch.away = True
    await watch.follow(context)
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await walk.start(page, machine.url)
    for number in range(walk.MAXIMUM_PAGES):
        if walk.path_of(page) in walk.DONE:
            break
        async with asyncio.TaskGroup() as tasks:
            if number in kills:
                tasks.create_task(machine.power_cycle(kills[number]))
            await walk.leave(page)
    shown = (await page.locator(".stub-number").inner_text()).strip()
    await context.close()
    assert watch.said == []
    return shown


@pytest.mark.parametrize("journeys", JOURNEYS)
async def test_killed_at_twenty_moments_of_the_journey(
    machine: Machine, chromium: Browser, journeys: int
) -> None:
    shown = [await journey(chromium, machine, kills) for kills in plan(journeys)]
    assert machine.kills == MOMENTS
    assert shown == [f"A{number:03d}" for number in range(1, journeys + 1)]
    assert machine.rows("SELECT count(*) FROM dossier") == [(journeys,)]
    assert machine.rows("SELECT count(*) FROM ticket") == [(journeys,)]


def test_the_moments_fall_on_every_page() -> None:
    for journeys in (5, 20):
        moments = plan(journeys)
        assert sum(len(kills) for kills in moments) == MOMENTS
        assert {page for kills in moments for page in kills} == set(range(PAGES))
