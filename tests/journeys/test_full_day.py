"""A whole day on a clock that the test moves: 60 citizens, two kiosks, three counters.

Opening, the city away from nine to eleven, a printer without paper, a node that is killed, the
drawers counted and closed. The processes, the wire and the printers are real; only the node's clock
belongs to the test and runs faster, with jumps over the hours in which nobody comes: ten hours pass
in less than half an hour. Every citizen walks through the pages of a real browser, touch by touch.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Page

from hardware.clock import VIETNAM
from tests.browser import walk
from tests.browser.conftest import SIZES
from tests.browser.kiosk_steps import CARD, scan
from tests.journeys.day_node import set_clock
from tests.journeys.desk_hand import Hand, at_counter
from tests.journeys.station_day import StationDay

pytestmark = [pytest.mark.journey, pytest.mark.browser, pytest.mark.timeout(1800)]

CITIZENS: Final = 60
SPEED: Final = 4.0
"""While people are there; with the jumps between them the whole day passes far faster."""

MORNING: Final = datetime(2026, 11, 20, 7, 15, tzinfo=VIETNAM)
"""A Friday after the release and before today: the past is no clock that is wrong."""

COUNTERS: Final = ("can-bo-1", "can-bo-2", "can-bo-3")
FEE_VND: Final = 15_000
SHORTAGE: Final = {
    "reason": "Công dân nộp nốt tại quầy",
    "rest_due_on": "27/11/2026",
    "duplicate_reason": "Hai lần tạm trú của hai người cùng thẻ mẫu",
}
"""What an officer says when a dossier is not whole, or its person was here before."""
WAVES: Final = (
    ("07:30", 16, ""),
    ("09:00", 12, "city away"),
    ("10:00", 10, "paper out"),
    ("11:00", 8, "city back"),
    ("13:30", 8, "node killed"),
    ("15:30", 6, "paper in"),
)
"""When people come, how many, and what happens just before."""


class Day:
    """The rehearsed day: its clock and who is at work."""

    def __init__(self, day: StationDay, clock: Path) -> None:
        self.station = day
        self.clock = clock
        self.numbers: list[str] = []
        self.taken_vnd: dict[str, int] = dict.fromkeys(COUNTERS, 0)

    def at(self, time: str) -> None:
        """It is so late now."""
        hour, minute = map(int, time.split(":"))
        set_clock(self.clock, MORNING.replace(hour=hour, minute=minute), SPEED)

    async def start_node(self) -> None:
        command = ("tests.journeys.day_node", "--clock", str(self.clock))
        await self.station.start("node", *command)

    async def switch(self, path: str) -> None:
        """A switch of the desk page: paper in or out."""
        async with self.station.session.post(self.station.facts["urls"]["desk"] + path) as answer:
            assert answer.status == 200

    async def happens(self, event: str) -> None:
        """What the day brings besides people."""
        match event:
            case "city away":
                await self.station.kill("city")
            case "city back":
                await self.station.start("city")
            case "paper out":
                await self.switch("paper/ticket/out")
            case "paper in":
                await self.switch("paper/ticket/in")
            case "node killed":
                await self.station.kill("node")
                await self.start_node()
            case _:
                pass


@pytest.fixture
async def pages(chromium: Browser) -> Sequence[Page]:
    """Two kiosks."""
    opened = []
    for size in SIZES.values():
        context = await chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, ignore_https_errors=True
        )
        await context.add_init_script(walk.COUNT_ARRIVALS)
        opened.append(await context.new_page())
    return opened


def card(number: int) -> str:
    """What the reader says of one more invented person."""
    return CARD.replace("079190000017", f"079190{number + 100:06d}")


async def come(day: Day, page: Page, first: int, count: int) -> None:
    """People of one kiosk, one after the other, each with a card of their own."""
    for number in range(first, first + count):
        await page.goto(day.station.facts["urls"]["kiosk"])
        await walk.start(page, day.station.facts["urls"]["kiosk"].removesuffix("/kiosk"))
        await walk.until(page, "/kiosk/identify")
        before = await walk.mark(page)
        await scan(page, card(number))
        await walk.arrive(page, before)
        day.numbers.append(await walk.finish(page))
        await page.locator(".help-main").click()
        await page.wait_for_url("**/kiosk")


async def serve(day: Day, hand: Hand, officer: str) -> None:
    """One officer, until nobody waits: call, look, take the fee, receive."""
    while True:
        await hand.look("/counter")
        await hand.press("/counter/call", outcome="done")
        if not hand.dossier:
            return
        address = f"/counter/dossiers/{hand.dossier}"
        await hand.look(address)
        paid = {"fee.given": str(FEE_VND), "fee.receipt": f"BL-{hand.dossier[-6:]}"}
        await hand.press("fee:cash", **paid)
        day.taken_vnd[officer] += FEE_VND
        await hand.press("receive")
        await hand.press("confirm", **SHORTAGE)


async def close(day: Day, hand: Hand, officer: str) -> None:
    """Count the drawer, which must fit, and close it."""
    await hand.look("/counter/shift")
    await hand.press("/counter/shift/close", fee=str(day.taken_vnd[officer]), fine="0")
    assert "closed=1" in hand.page or not hand.has("/counter/shift/close")


async def test_a_whole_day(day: StationDay, pages: Sequence[Page], tmp_path: Path) -> None:
    rehearsal = Day(day, tmp_path / "clock")
    rehearsal.at("07:15")
    await day.kill("node")
    await rehearsal.start_node()
    base, authority = day.facts["urls"]["counter"].removesuffix("/counter"), day.facts["ca_file"]
    pin = day.facts["credentials"]["officer"]["pin"]
    async with AsyncExitStack() as stack:
        hands = {
            officer: await stack.enter_async_context(at_counter(base, authority, officer, pin))
            for officer in COUNTERS
        }
        for hand in hands.values():
            await hand.look("/counter/shift")
            await hand.press("/counter/shift/open", fee="0", fine="0")
        come_so_far = 0
        for time, people, event in WAVES:
            rehearsal.at(time)
            await rehearsal.happens(event)
            half = people // 2
            await asyncio.gather(
                come(rehearsal, pages[0], come_so_far, half),
                come(rehearsal, pages[1], come_so_far + half, people - half),
            )
            come_so_far += people
            await asyncio.gather(*(serve(rehearsal, hand, who) for who, hand in hands.items()))
        rehearsal.at("17:00")
        await day.until("everything is at the city", day.all_entered)
        for officer, hand in hands.items():
            await close(rehearsal, hand, officer)
    await _balances(rehearsal)


async def _balances(rehearsal: Day) -> None:
    """Every number once, every dossier received once, every đồng taken once; nothing waits."""
    day = rehearsal.station
    await day.until("nothing waits for the city", day.all_entered)
    assert len(set(rehearsal.numbers)) == len(rehearsal.numbers) == CITIZENS
    records = [record["body"] for record in await day.export()]
    types = [body["type"] for body in records]
    assert types.count("dossier.submitted") == CITIZENS
    assert types.count("dossier.received") == CITIZENS
    assert types.count("shift.closed") == len(COUNTERS)
    assert sum(rehearsal.taken_vnd.values()) == CITIZENS * FEE_VND
