"""Walking through the kiosk, whatever pages a procedure has: one line per kind of page.

A page that has no line of its own is left by its main button, so that new pages join by themselves.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Page

from tests.browser.kiosk_steps import ANSWERS, go_on, scan

Step = Callable[[Page], Awaitable[None]]
MAXIMUM_PAGES: Final = 40
TYPED: Final = {
    "number": "2",
    "date": "05/03/2027",
    "text": "12/3 Đường Ví Dụ",
    "phone": "0901234567",
}
DONE: Final = ("/kiosk/done", "/kiosk/ticket/done")
COUNT_ARRIVALS: Final = """
  window.arrivals = 0;
  document.addEventListener("page", () => { window.arrivals += 1; });
"""
MARK: Final = "() => `${performance.timeOrigin}:${window.arrivals}`"


def path_of(page: Page) -> str:
    """The page's path, without what stands behind a question mark."""
    return urlsplit(page.url).path


async def mark(page: Page) -> str:
    """A text that changes with every page that is put in place."""
    return str(await page.evaluate(MARK))


async def arrive(page: Page, before: str) -> None:
    """Wait until another page is in place than the one marked ``before``."""
    await page.wait_for_function(f"before => ({MARK})() !== before", arg=before)


async def press_main(page: Page) -> None:
    """The one big button."""
    await page.locator(".go .button-main:visible").first.click()


async def answer(page: Page) -> None:
    """Answer whatever is asked: the first choice, or text that fits the field."""
    name = path_of(page).rpartition("/")[2]
    if await page.locator("button.choice").count():
        await page.locator("button.choice").first.click()  # a choice is the way on
        return
    if await page.locator(".choice").count():
        await page.locator(".choice").first.click()
    else:
        kind = await page.locator("#answer").get_attribute("data-keys") or "text"
        await page.fill("#answer", ANSWERS.get(name, TYPED.get(kind, TYPED["text"])))
    await go_on(page)


async def show_card(page: Page) -> None:
    """Lay the card on the reader; a form that lies unfinished from before is put away."""
    new = page.locator("button[name=answer][value=new]")
    await (new.first.click() if await new.count() else scan(page))


async def tick_papers(page: Page) -> None:
    await page.locator(".choice").first.click()
    await go_on(page)


async def give_phone(page: Page) -> None:
    await page.fill("#phone", TYPED["phone"])
    await go_on(page)


async def pay_at_the_counter(page: Page) -> None:
    await page.locator("main a[href='/kiosk/done']").click()


STEPS: Final[dict[str, Step]] = {
    "/kiosk/identify": show_card,
    "/kiosk/scan": show_card,
    "/kiosk/questions/": answer,
    "/kiosk/papers": tick_papers,
    "/kiosk/phone": give_phone,
    "/kiosk/fee": pay_at_the_counter,
}


def step_of(path: str) -> Step:
    """How to leave a page."""
    for start, step in STEPS.items():
        if path.startswith(start):
            return step
    return press_main


async def start(page: Page, url: str, procedure: str = "res-temporary") -> None:
    """Open a procedure's page; the next step begins its form."""
    await page.goto(f"{url}/kiosk/procedures/{procedure}")
    await page.wait_for_function("() => window.arrivals > 0")


async def leave(page: Page) -> None:
    """One step on, and wait for what follows."""
    before = await mark(page)
    await step_of(path_of(page))(page)
    await arrive(page, before)


async def until(page: Page, path: str) -> None:
    """Walk on to the page with this path."""
    for _ in range(MAXIMUM_PAGES):
        if path_of(page) == path:
            return
        await leave(page)
    raise AssertionError(f"never came to {path}; stuck at {page.url}")


async def finish(page: Page) -> str:
    """Walk on to the number, and read it."""
    for _ in range(MAXIMUM_PAGES):
        if path_of(page) in DONE:
            return (await page.locator(".stub-number").inner_text()).strip()
        await leave(page)
    raise AssertionError(f"no number after {MAXIMUM_PAGES} pages; stuck at {page.url}")
