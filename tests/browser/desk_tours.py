"""Every screen of officers, chiefs and technicians in every state; what only they can open."""

from typing import Final

from tests.browser import morning, walk
from tests.browser.visits import Screen, Stops, Tour, Visit
from tests.web.station import PIN

WORK_PAGES: Final = (
    Screen("C1 sign in", "/counter/sign-in"),
    Screen("S1 status", "/status"),
    Screen("C0 no such page", "/counter/no-such-page"),
    Screen("V1 code of no slip", "/r/AAAA"),
)
DESK_PAGES: Final = (
    Screen("C2 desk", "/counter"),
    Screen("C8 dossiers", "/counter/dossiers"),
    Screen("C8 register", "/counter/register"),
    Screen("C2 booked visits", "/counter/bookings"),
    Screen("C7 money inbox", "/counter/money"),
    Screen("C7 statement", "/counter/money/statement"),
    Screen("C9 shift", "/counter/shift"),
    Screen("C6 papers", "/counter/papers"),
    Screen("C6 verify", "/counter/verify"),
    Screen("C6 kits", "/counter/kits"),
    Screen("C1 change PIN", "/counter/pin"),
    Screen("S1 status of who may pair", "/status"),
)
"""What a signed-in officer opens by address."""

CHIEF_PAGES: Final = (
    Screen("C11 panel", "/chief"),
    Screen("C11 officers", "/chief/officers"),
    Screen("C11 sessions", "/chief/sessions"),
    Screen("C11 looks", "/chief/access"),
)


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
    await visit.open("/counter")
    await page.keyboard.press("Alt+L")
    await page.locator("main[data-locked]").wait_for()
    yield "C10 locked"
    await visit.open("/counter/locked")
    yield "C10 still locked"


async def sheets(visit: Visit) -> Stops:
    """The sheet of every decision that an open dossier offers."""
    page = visit.page
    await sign_in(visit, "lan")
    # One of her own: who opens a dossier holds it, and a colleague only reads.
    dossier = await morning.submit(visit.scene, "sheets", "res-temporary", morning.PEOPLE[3])
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


async def bookings(visit: Visit) -> Stops:
    """A visit that was booked, with its code."""
    page = visit.page
    await sign_in(visit)
    await visit.open("/counter/bookings")
    await page.select_option("#day", index=1)
    before = await walk.mark(page)
    await page.locator("form.days button").click()
    await walk.arrive(page, before)
    before = await walk.mark(page)
    await page.locator("form.slots button").first.click()
    await walk.arrive(page, before)
    await page.locator(".booked-code").wait_for()
    yield "C2 a visit is booked"


async def chief(visit: Visit) -> Stops:
    """What a chief alone opens: the panel, people, sessions, looks into dossiers, paper kits."""
    await sign_in(visit, "lan")
    for screen in CHIEF_PAGES:
        await visit.open(screen.path)
        yield screen.name
    dossier = (await morning.dossiers(visit.scene))["submitted"]
    await visit.open(f"/counter/dossiers/{dossier}")
    yield "C3 held by a colleague"
    await visit.open(f"/chief/access/{dossier}")
    yield "C11 who opened a dossier"
    for name, address in (await morning.kit(visit.scene)).items():
        await visit.open(address)
        yield f"C6 {name}"


TOURS: Final[dict[str, Tour]] = {
    "counter-door": counter_door,
    "counter-desk": counter_desk,
    "sheets": sheets,
    "statement": statement,
    "received": received,
    "bookings": bookings,
    "chief": chief,
}
