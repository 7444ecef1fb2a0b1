"""How much a citizen has to touch and type, counted while a journey runs."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser import morning, walk
from tests.browser.conftest import SIZES
from tests.browser.kiosk_steps import scan
from tests.browser.scene import Scene, scene

pytestmark = pytest.mark.browser

FORM_TOUCHES: Final = 17
FORM_LETTERS: Final = 8
NUMBER_TOUCHES: Final = 3
FIND_TOUCHES: Final = 1
SHORTEST: Final = {"number": "2", "date": "05032027", "text": "12/3"}
"""What somebody in a hurry types into a field that wants an answer."""


class Finger:
    """One finger that counts what it does."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.touches = 0
        self.letters = 0

    async def tap(self, target: str | Locator) -> None:
        """Touch something and wait for the page that follows, if one does."""
        place = self.page.locator(target) if isinstance(target, str) else target
        self.touches += 1
        await place.first.tap()

    async def go(self, target: str) -> None:
        """Touch something that leads to another page."""
        before = await walk.mark(self.page)
        await self.tap(target)
        await walk.arrive(self.page, before)

    async def type(self, text: str) -> None:
        """Type letter by letter into the field that has the focus."""
        self.letters += len(text)
        await self.page.keyboard.type(text)


async def hurry(finger: Finger) -> None:
    """Leave a page of the form with as little as it asks for."""
    page = finger.page
    onwards = ".key-go:visible, .go .button-main:visible"
    optional = await page.locator(".optional").count()
    choice = page.locator(".choice:visible")
    field = page.locator("#answer")
    asked = "/kiosk/questions/" in page.url and not optional
    if asked and await choice.count():
        before = await walk.mark(page)
        await finger.tap(choice)
        if await page.locator(onwards).count() == 0:
            await walk.arrive(page, before)
            return
    elif asked and not await field.input_value():
        await finger.type(SHORTEST[await field.get_attribute("data-keys") or "text"])
    skip = page.locator("button[name=skip]:visible")
    await finger.go("button[name=skip]:visible" if await skip.count() else onwards)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as opened:
        yield opened


@pytest.fixture
async def page(place: Scene, chromium: Browser) -> AsyncIterator[Page]:
    width, height = SIZES["upright"]
    context = await chromium.new_context(
        viewport={"width": width, "height": height}, has_touch=True
    )
    await context.add_init_script(walk.COUNT_ARRIVALS)
    opened = await context.new_page()
    await opened.goto(f"{place.url}/kiosk")
    yield opened
    await context.close()


async def test_the_commonest_procedure_with_a_card(page: Page) -> None:
    finger = Finger(page)
    await finger.go("a[href*='res-temporary']")
    await finger.go(".go form button")
    before = await walk.mark(page)
    await scan(page)
    await walk.arrive(page, before)
    for _ in range(walk.MAXIMUM_PAGES):
        if walk.path_of(page) in walk.DONE:
            break
        await hurry(finger)
    await expect(page.locator(".stub-number")).to_have_text("A001")
    assert finger.touches <= FORM_TOUCHES
    assert finger.letters <= FORM_LETTERS


async def test_a_number_only(page: Page) -> None:
    finger = Finger(page)
    await finger.go("a[href='/kiosk/ticket']")
    for _ in range(NUMBER_TOUCHES + 1):
        if walk.path_of(page) in walk.DONE:
            break
        await finger.go("main form button:visible")
    assert finger.touches <= NUMBER_TOUCHES


async def test_a_dossier_is_found_with_one_touch_and_a_scan(page: Page, place: Scene) -> None:
    await morning.fill(place)
    number = (await morning.numbers(place))["submitted"]
    finger = Finger(page)
    await finger.go("a[href='/kiosk/find']")
    await scan(page, number)
    await expect(page.locator("main")).to_contain_text(number)
    assert finger.touches == FIND_TOUCHES
