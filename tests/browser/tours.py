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
    Screen("K0 welcome", "/kiosk/welcome"),
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
    Screen("K16 find", "/kiosk/find"),
    Screen("K17 collect", "/kiosk/collect"),
    Screen("K18 rate", "/kiosk/rate"),
    Screen("K18 thanks", "/kiosk/rate/thanks"),
    Screen("K20 staff called", "/kiosk/help"),
    Screen("K21 resume", "/kiosk/resume"),
    Screen("K7 photograph", "/kiosk/procedures/res-temporary/papers/1"),
    Screen("K21 no such page", "/kiosk/no-such-page"),
    Screen("K21 restarting", "/restarting"),
    Screen("K22 pairing", "/pair"),
    Screen("K22 pairing by an address", "/pair?code=04159265"),
)
WORK_PAGES: Final = (
    Screen("C1 sign in", "/counter/sign-in"),
    Screen("S1 status", "/status"),
    Screen("C0 no such page", "/counter/no-such-page"),
    Screen("V1 code of no slip", "/r/AAAA"),
)
DESK_PAGES: Final = (
    Screen("C2 desk", "/counter"),
    Screen("C8 dossiers", "/counter/dossiers"),
    Screen("C7 money inbox", "/counter/money"),
    Screen("C7 statement", "/counter/money/statement"),
    Screen("C9 shift", "/counter/shift"),
    Screen("C6 papers", "/counter/papers"),
    Screen("C6 verify", "/counter/verify"),
    Screen("C1 change PIN", "/counter/pin"),
    Screen("S1 status of who may pair", "/status"),
)
"""What a signed-in officer opens by address."""

BOARD_PAGES: Final = (Screen("D1 board", "/display"), Screen("C7 customer screen", "/customer/2"))
PHONE_PAGES: Final = (
    Screen("T1 unknown token", "/t/AAAA"),
    Screen("D1 the day's count", "/display/count"),
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
    await visit.page.locator("[role=alert]:visible").first.wait_for()
    yield "C1 wrong PIN"


async def counter_desk(visit: Visit) -> Stops:
    """The desk through a morning: lists, the canned dossiers, the map of keys, the lock."""
    page = visit.page
    await sign_in(visit)
    for screen in DESK_PAGES:
        await visit.open(screen.path)
        yield screen.name
    await visit.open("/counter/dossiers")
    lists = page.locator("a[href*='/counter/dossiers/list/']")
    for address in await lists.evaluate_all("all => [...new Set(all.map(one => one.pathname))]"):
        await visit.open(address)
        yield f"C8 {address.rpartition('/')[2]}"
    for name, dossier in (await morning.dossiers(visit.scene)).items():
        await visit.open(f"/counter/dossiers/{dossier}")
        yield f"C3 {name}"
        await visit.open(f"/counter/dossiers/{dossier}/history")
        yield f"C3 {name}, history"
    await visit.open("/counter")
    await page.keyboard.press("F1")
    yield "C2 keys"


async def sheets(visit: Visit) -> Stops:
    """The sheet of every decision that an open dossier offers."""
    page = visit.page
    await sign_in(visit, "lan")
    dossier = (await morning.dossiers(visit.scene))["submitted"]
    address = f"/counter/dossiers/{dossier}"
    await visit.open(address)
    offered = page.locator("button[name=do]")
    names = await offered.evaluate_all("all => [...new Set(all.map((one) => one.value))]")
    for name in filter(None, names):  # an empty one closes a sheet
        await visit.open(address)
        before = await walk.mark(page)
        # Some stand in a fold that opens by a touch; the sheet is the same.
        await page.locator(f"button[name=do][value={name}]").first.evaluate("one => one.click()")
        await walk.arrive(page, before)
        yield f"C3 sheet {name}"


SHORTAGE: Final = {
    "#reason": "Công dân bổ sung giấy tờ tại quầy",
    "#rest_due_on": "04/12/2026",
    "#duplicate_reason": "Hai hồ sơ của hai việc khác nhau",
}
"""What the sheet asks for when a dossier is received that is not whole."""


async def received(visit: Visit) -> Stops:
    """A call, a dossier received with a shortage, what it says then."""
    page = visit.page
    await sign_in(visit)
    await page.keyboard.press("F2")
    await page.locator("button[name=do][value=receive]").first.wait_for()
    yield "C2 somebody is served"
    await page.locator("button[name=do][value=receive]").first.click()
    await page.locator("#confirm").wait_for()
    for field, text in SHORTAGE.items():
        if await page.locator(field).count():
            await page.fill(field, text)
    before = await walk.mark(page)
    await page.locator("#confirm").click()
    await walk.arrive(page, before)
    yield "C3 received"


STATEMENT: Final = """Số giao dịch;Ngày giao dịch;Số tiền;Nội dung
FT0001;23/11/2026 08:45:00;15.000;nop le phi
FT0002;23/11/2026 09:10:00;-50.000;rut
FT0003;hôm nay;15.000;nop le phi
"""


async def statement(visit: Visit) -> Stops:
    """A bank's statement: one that lacks its columns, and one that is looked at."""
    page = visit.page
    await sign_in(visit)
    for text, name in (("a;b\n1;2", "C7 statement without columns"), (STATEMENT, "C7 looked at")):
        await visit.open("/counter/money/statement")
        await page.fill("#pasted", text)
        before = await walk.mark(page)
        await page.locator("main form button").click()
        await walk.arrive(page, before)
        yield name


def addresses(screens: tuple[Screen, ...]) -> Tour:
    """A tour of pages that an address alone opens."""

    async def tour(visit: Visit) -> Stops:
        for screen in screens:
            await visit.open(screen.path)
            yield screen.name

    return tour


class Journey(NamedTuple):
    """A tour and the kind of screen that it belongs to."""

    area: Area
    tour: Tour


TOURS: Final = {
    "kiosk-pages": Journey("kiosk", addresses(KIOSK_PAGES)),
    "kiosk-form": Journey("kiosk", kiosk_form),
    "kiosk-typed": Journey("kiosk", kiosk_typed),
    "kiosk-number": Journey("kiosk", kiosk_number),
    "kiosk-idle": Journey("kiosk", kiosk_idle),
    "counter-door": Journey("work", counter_door),
    "counter-desk": Journey("work", counter_desk),
    "sheets": Journey("work", sheets),
    "statement": Journey("work", statement),
    "received": Journey("work", received),
    "board": Journey("board", addresses(BOARD_PAGES)),
    "phone": Journey("phone", addresses(PHONE_PAGES)),
}
