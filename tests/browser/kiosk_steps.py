"""What a citizen does at the kiosk, as steps a test can stop between."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import axe_playwright_python
from playwright.async_api import Browser, Page, expect

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
ANSWERS = {
    "new_address": "12/3 Đường Ví Dụ",
    "household_head": "Trần Văn Thử",
    "members": "2",
}
CARD = "079190000017|270000017|NGUYEN THI MAU|05031990|Nu|12/3 Duong Vi Du|10052021"
PERSONAL = ("MẪU", "MAU", "079190000017", "Ví Dụ", "Vi Du", "Trần Văn Thử", "0901234567")


@asynccontextmanager
async def open_page(
    browser: Browser, url: str, size: tuple[int, int], *, language: str = "vi", touch: bool = True
) -> AsyncIterator[Page]:
    """A fresh kiosk browser on the first screen."""
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, has_touch=touch
    )
    page = await context.new_page()
    await page.goto(f"{url}/kiosk?lang={language}")
    yield page
    await context.close()


async def scan(page: Page, text: str = CARD) -> None:
    """A keyboard scanner: prefix, letters, Enter, without a pause."""
    await page.keyboard.press("F8")
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def go_on(page: Page) -> None:
    """Press "continue": on the keys when they are shown, else the big button."""
    keys = page.locator(".key-go")
    await (keys if await keys.count() else page.locator(".go .button-main").first).click()


async def type_identity(page: Page) -> None:
    await page.fill("#id_number", "079190000017")
    await page.fill("#full_name", "NGUYỄN THỊ MẪU")
    await page.fill("#date_of_birth", "05/03/1990")
    await page.locator("#date_of_birth").focus()
    await go_on(page)
    await page.wait_for_url("**/kiosk/person")


async def answer_question(page: Page) -> None:
    """Answer whatever is asked, go on, and wait for the next page."""
    here = page.url
    name = here.rpartition("/")[2]
    if name in ANSWERS:
        await page.fill("#answer", ANSWERS[name])
        await go_on(page)
    else:
        await page.locator("button.choice").first.click()  # a choice is the way on
    await page.wait_for_function("here => location.href !== here", arg=here)


async def start_form(page: Page, url: str) -> None:
    """From the first screen to the first question, by card."""
    await page.goto(f"{url}/kiosk/procedures/res-temporary")
    await page.locator(".go form button").click()
    await page.wait_for_url("**/kiosk/identify")
    await scan(page)
    await page.wait_for_url("**/kiosk/person")
    await page.locator(".go .button-main").click()
    await page.wait_for_url("**/kiosk/questions/**")


AFTER_SENDING = re.compile(r"/kiosk/(done|fee)$")
"""Where a form that was handed in leads: to its fee, when it can be paid by phone."""


async def fill_form(page: Page, url: str) -> None:
    """A whole form; ends on the page to check."""
    await start_form(page, url)
    while "/questions/" in page.url:
        await answer_question(page)
    await page.locator(".choice").first.click()
    await go_on(page)
    await page.wait_for_url("**/kiosk/phone")
    await page.fill("#phone", "0901234567")
    await go_on(page)
    await page.wait_for_url("**/kiosk/check")


async def send_form(page: Page) -> str:
    """Hand in; the number on the last page."""
    await page.locator(".go .button-main").click()
    await page.wait_for_url(AFTER_SENDING)
    if page.url.endswith("/kiosk/fee"):
        await page.locator("main a[href='/kiosk/done']").click()
        await page.wait_for_url("**/kiosk/done")
    number = page.locator(".stub-number")
    await expect(number).to_be_visible()
    return await number.inner_text()


async def violations(page: Page) -> list[str]:
    """What axe-core finds: WCAG 2.0 to 2.2 A and AA and best practice."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("() => axe.run().then(result => result.violations)")
    return [
        f"{one['id']}: {json.dumps([node['html'][:120] for node in one['nodes'][:3]])}"
        for one in found
    ]
