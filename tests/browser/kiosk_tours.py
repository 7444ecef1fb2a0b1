"""Every screen of the kiosk in every state, in tables: a new screen joins by one line."""

from typing import Final

from playwright.async_api import Page

from edge_node.web.kiosk.draft import DRAFT_COOKIE
from tests.browser import morning, walk
from tests.browser.kiosk_steps import go_on, scan
from tests.browser.visits import Screen, Stops, Tour, Visit, addresses

WELCOME: Final = "/kiosk/welcome"
"""Who opens it begins anew, with the usual letters and language: the last stop of a tour."""

KIOSK_PAGES: Final = (
    Screen("K1 home", "/kiosk"),
    Screen("K2 procedures", "/kiosk/procedures"),
    Screen("K2 found", "/kiosk/procedures?q=tam+tru"),
    Screen("K2 nothing found", "/kiosk/procedures?q=xyzzy"),
    Screen("K3 procedure", "/kiosk/procedures/res-temporary"),
    Screen("K3 procedure for the counter", "/kiosk/procedures/id-card-14plus"),
    Screen("K3 report of a crime", "/kiosk/crime-report"),
    Screen("K4 card", "/kiosk/identify"),
    Screen("K4 no card", "/kiosk/identify/no-card"),
    Screen("K4 typed", "/kiosk/identify/type"),
    Screen("K15 number", "/kiosk/ticket"),
    Screen("K15 priority", "/kiosk/ticket/priority?service=residence"),
    Screen("K15 booked visit", "/kiosk/ticket/appointment"),
    Screen("K16 find", "/kiosk/find"),
    Screen("K17 collect", "/kiosk/collect"),
    Screen("K18 rate", "/kiosk/rate"),
    Screen("K18 thanks", "/kiosk/rate/thanks"),
    Screen("K20 nobody called", "/kiosk/help"),
    Screen("K21 resume", "/kiosk/resume"),
    Screen("K3 list to take home", "/kiosk/procedures/res-temporary/papers/1"),
    Screen("K21 no such page", "/kiosk/no-such-page"),
    Screen("K21 restarting", "/restarting"),
    Screen("K22 pairing", "/pair"),
    Screen("K22 pairing by an address", "/pair?code=04159265"),
    Screen("K0 welcome", WELCOME),
)


async def kiosk_form(visit: Visit) -> Stops:
    """A whole form with a card, every page with its error where it has one."""
    page = visit.page
    await walk.start(page, visit.scene.url)
    await walk.leave(page)
    await scan(page, "079190000017|270000017|NGUYEN")
    await page.locator("[role=alert]:visible, .problem:visible").first.wait_for()
    yield "K4 unreadable"
    for _ in range(walk.MAXIMUM_PAGES):
        path = walk.path_of(page)
        if path in walk.DONE:
            break
        if path.startswith("/kiosk/questions/"):
            yield f"K6 {path.rpartition('/')[2]}"
            if path.endswith("/new_address"):
                await go_on(page)
                await page.locator(".problem").wait_for()
                yield "K6 an empty answer"
        elif path != "/kiosk/identify":
            yield FORM_PAGES.get(path, path)
        await walk.leave(page)
    yield "K14 done"


FORM_PAGES: Final = {
    "/kiosk/person": "K5 is this you",
    "/kiosk/papers": "K7 papers",
    "/kiosk/phone": "K10 phone",
    "/kiosk/check": "K9 check",
    "/kiosk/fee": "K11 fee",
    "/kiosk/payment": "K12 payment",
}


async def kiosk_typed(visit: Visit) -> Stops:
    """Who one is, typed badly; a number that nobody knows."""
    page = visit.page
    await visit.open("/kiosk/identify/type")
    await page.fill("#id_number", "07919000001")
    await page.locator("#id_number").focus()
    yield "K4 typing"
    await page.fill("#full_name", "NGUYỄN THỊ MẪU")
    await page.fill("#date_of_birth", "05/03/1990")
    await go_on(page)
    await page.locator(".problem").wait_for()
    yield "K4 eleven digits"
    await visit.open("/kiosk/find")
    await page.fill("#number", "T26560-7KXM-00001-4")
    await page.locator("#number").press("Enter")
    await page.locator(".problem").wait_for()
    yield "K16 not found"


async def kiosk_number(visit: Visit) -> Stops:
    """A number without a form."""
    page = visit.page
    await visit.open("/kiosk/ticket")
    await page.wait_for_function("() => window.arrivals > 0")
    for _ in range(4):
        if walk.path_of(page) in walk.DONE:
            break
        before = await walk.mark(page)
        await page.locator("main form button:visible, main .go a:visible").first.click()
        await walk.arrive(page, before)
        yield f"K15 {walk.path_of(page).rpartition('/')[2]}"
    await press(page, "a[href='/kiosk/ticket/more']")
    yield "K15 another matter"


async def kiosk_idle(visit: Visit) -> Stops:
    """Nobody touches the screen."""
    page = visit.page
    await walk.start(page, visit.scene.url)
    await walk.leave(page)
    await walk.leave(page)
    await page.evaluate("() => document.getElementById('still-there').showModal()")
    yield "K19 still there"


async def kiosk_paid(visit: Visit) -> Stops:
    """A fee that is paid by phone."""
    page = visit.page
    await walk.start(page, visit.scene.url)
    await walk.until(page, "/kiosk/fee")
    await press(page, "form[action='/kiosk/fee/phone'] button")
    yield "K12 payment"


async def kiosk_left(visit: Visit) -> Stops:
    """A paper photographed; the form left with a code and found again by the card."""
    page = visit.page
    await walk.start(page, visit.scene.url)
    await walk.until(page, "/kiosk/papers")
    await press(page, "button[name=photo]")
    await page.locator("[data-say=none]:visible").wait_for()
    yield "K8 no camera"
    await visit.open("/kiosk/papers")
    await page.wait_for_function("() => window.arrivals > 0")
    await press(page, "button[formaction='/kiosk/pause']")
    yield "K7 left with a code"
    await page.context.clear_cookies(name=DRAFT_COOKIE)
    await walk.start(page, visit.scene.url)
    await walk.leave(page)
    before = await walk.mark(page)
    await scan(page)
    await walk.arrive(page, before)
    yield "K5 an unfinished form"


async def kiosk_heard(visit: Visit) -> Stops:
    """A person is called; an opinion and its reason; a dossier found."""
    page = visit.page
    await visit.open("/kiosk")
    await page.wait_for_function("() => window.arrivals > 0")
    await page.locator(".help-gold").click()
    await page.locator(".help-called").wait_for()
    yield "K20 staff called"
    await page.locator(".help-called button").click()
    await page.locator(".help-gold").wait_for()
    await visit.open("/kiosk/rate")
    await page.wait_for_function("() => window.arrivals > 0")
    await press(page, "button[value=poor]")
    yield "K18 reason"
    await visit.open("/kiosk/find")
    await page.wait_for_function("() => window.arrivals > 0")
    await page.fill("#number", (await morning.numbers(visit.scene))["submitted"])
    before = await walk.mark(page)
    await page.locator("#number").press("Enter")
    await walk.arrive(page, before)
    yield "K16 found"


async def press(page: Page, target: str) -> None:
    """Press something that leads to another page, and wait for that."""
    before = await walk.mark(page)
    await page.locator(target).first.click()
    await walk.arrive(page, before)


TOURS: Final[dict[str, Tour]] = {
    "kiosk-pages": addresses(KIOSK_PAGES),
    "kiosk-form": kiosk_form,
    "kiosk-typed": kiosk_typed,
    "kiosk-number": kiosk_number,
    "kiosk-paid": kiosk_paid,
    "kiosk-left": kiosk_left,
    "kiosk-heard": kiosk_heard,
    "kiosk-idle": kiosk_idle,
}
