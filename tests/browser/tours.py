"""Every screen in every state, in tables: a new screen joins by one line.

A tour leads one page from state to state and stops wherever there is something to look at. What
looks (pictures, accessibility, sizes) is somebody else's business.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Literal, NamedTuple

from playwright.async_api import Page

from tests.browser import morning, walk
from tests.browser.kiosk_steps import go_on, scan
from tests.browser.scene import Scene
from tests.web.station import PIN

Area = Literal["kiosk", "work", "board", "phone"]


class Visit(NamedTuple):
    """One page at one station."""

    page: Page
    scene: Scene

    async def open(self, path: str) -> None:
        await self.page.goto(self.scene.url + path)


Stops = AsyncIterator[str]
Tour = Callable[[Visit], Stops]
Prepare = Callable[[Scene], Awaitable[None]]


class Screen(NamedTuple):
    """A page that an address alone opens."""

    name: str
    path: str


KIOSK_PAGES: Final = (
    Screen("K1 home", "/kiosk"),
    Screen("K2 procedures", "/kiosk/procedures"),
    Screen("K2 found", "/kiosk/procedures?q=tam+tru"),
    Screen("K2 nothing found", "/kiosk/procedures?q=xyzzy"),
    Screen("K3 procedure", "/kiosk/procedures/res-temporary"),
    Screen("K3 procedure for the counter", "/kiosk/procedures/id-card-14plus"),
    Screen("K4 card", "/kiosk/identify"),
    Screen("K4 typed", "/kiosk/identify/type"),
    Screen("K15 number", "/kiosk/ticket"),
    Screen("K16 find", "/kiosk/find"),
    Screen("K21 no such page", "/kiosk/no-such-page"),
)
WORK_PAGES: Final = (
    Screen("C1 sign in", "/counter/sign-in"),
    Screen("S1 status", "/status"),
    Screen("C0 no such page", "/counter/no-such-page"),
)
DESK_PAGES: Final = (
    Screen("C2 desk", "/counter"),
    Screen("C8 dossiers", "/counter/dossiers"),
)
"""What a signed-in officer opens by address."""


async def kiosk_pages(visit: Visit) -> Stops:
    """Everything at the kiosk that shows no person."""
    for screen in KIOSK_PAGES:
        await visit.open(screen.path)
        yield screen.name


async def kiosk_form(visit: Visit) -> Stops:
    """A whole form with a card, every page with its error where it has one."""
    page = visit.page
    await walk.start(page, visit.scene.url)
    await walk.leave(page)
    await scan(page, "079190000017|270000017|NGUYEN")
    await page.locator("[role=alert], .problem, .notice").first.wait_for()
    yield "K4 unreadable"
    while walk.path_of(page) not in walk.DONE:
        path = walk.path_of(page)
        if path.startswith("/kiosk/questions/") and await page.locator("#answer").count():
            yield f"K6 {path.rpartition('/')[2]}"
            if await page.locator(".choice, .optional").count() == 0:
                await go_on(page)
                await page.locator(".problem").wait_for()
                yield f"K6 {path.rpartition('/')[2]} empty"
        elif path != "/kiosk/identify":
            yield FORM_PAGES.get(path, path)
        await walk.leave(page)
    yield "K14 done"
    await page.locator("[data-stay]").click()
    yield "K14 stays"


FORM_PAGES: Final = {
    "/kiosk/person": "K5 is this you",
    "/kiosk/papers": "K7 papers",
    "/kiosk/phone": "K10 phone",
    "/kiosk/check": "K9 check",
}


async def kiosk_typed(visit: Visit) -> Stops:
    """Who one is, typed badly; a number that nobody knows."""
    page = visit.page
    await visit.open("/kiosk/identify/type")
    await page.fill("#id_number", "07919000001")
    await page.locator("#id_number").focus()
    yield "K4 typing"
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
    await page.locator(".services button").first.click()
    while not walk.path_of(page).startswith("/kiosk/ticket/done"):
        await page.wait_for_url("**/kiosk/ticket/**")
    yield "K15 done"


async def kiosk_idle(visit: Visit) -> Stops:
    """Nobody touches the screen."""
    page = visit.page
    await walk.start(page, visit.scene.url)
    await walk.leave(page)
    await walk.leave(page)
    await page.evaluate("() => document.getElementById('still-there').showModal()")
    yield "K19 still there"


async def sign_in(visit: Visit, officer: str = "minh") -> None:
    """Through the door of the counter."""
    page = visit.page
    await visit.open("/counter/sign-in")
    await page.locator(f"input[value={officer}]").check()
    await page.fill("[name=pin]", PIN)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/counter")


async def counter_door(visit: Visit) -> Stops:
    """Pages of the work screens that need nobody signed in, and a wrong PIN."""
    for screen in WORK_PAGES:
        await visit.open(screen.path)
        yield screen.name
    await visit.open("/counter/sign-in")
    await visit.page.locator("input[value=minh]").check()
    await visit.page.fill("[name=pin]", "000000")
    await visit.page.keyboard.press("Enter")
    await visit.page.locator("[role=alert]").wait_for()
    yield "C1 wrong PIN"


async def counter_desk(visit: Visit) -> Stops:
    """The desk through a morning: lists, a call, the sheets of each decision."""
    page = visit.page
    await sign_in(visit)
    for screen in DESK_PAGES:
        await visit.open(screen.path)
        yield screen.name
    for name, dossier in (await morning.dossiers(visit.scene)).items():
        await visit.open(f"/counter/dossiers/{dossier}")
        yield f"C3 {name}"
    await visit.open("/counter")
    await page.keyboard.press("F1")
    yield "C2 keys"
    await page.keyboard.press("Escape")


async def decisions(visit: Visit) -> Stops:
    """The sheet of every decision that a key opens."""
    page = visit.page
    await sign_in(visit)
    dossier = (await morning.dossiers(visit.scene))["submitted"]
    for name, button in SHEETS.items():
        await visit.open(f"/counter/dossiers/{dossier}")
        await page.locator(button).first.click()
        await page.locator("#confirm").wait_for()
        yield name


SHEETS: Final = {
    "C3 receive": "[data-key=F9]",
    "C4 supplement": "[data-key=F10]",
    "C5 refuse": "button[value=refuse]",
}


async def board(visit: Visit) -> Stops:
    """The display in the room."""
    await visit.open("/display")
    yield "D1 calling"


class Journey(NamedTuple):
    """A tour and the kind of screen that it belongs to."""

    area: Area
    tour: Tour


TOURS: Final = {
    "kiosk-pages": Journey("kiosk", kiosk_pages),
    "kiosk-form": Journey("kiosk", kiosk_form),
    "kiosk-typed": Journey("kiosk", kiosk_typed),
    "kiosk-number": Journey("kiosk", kiosk_number),
    "kiosk-idle": Journey("kiosk", kiosk_idle),
    "counter-door": Journey("work", counter_door),
    "counter-desk": Journey("work", counter_desk),
    "decisions": Journey("work", decisions),
    "board": Journey("board", board),
}
