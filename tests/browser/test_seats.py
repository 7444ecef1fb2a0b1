"""Two kiosks and a counter, each with its reader: paired by their technician, never mixed up.

The node, the readers and the browsers are the real ones; a code typed by a reader goes through a
pseudo-terminal, the node's live stream and the page.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from edge_node.usecases.officers import hash_pin
from tests.browser.machine import Machine
from tests.hardware.devices import Device, running
from tests.node.process import TOKEN
from tests.web.lan import DOSSIERS, dossier
from tests.web.station import PIN

pytestmark = pytest.mark.browser

SEATS: Final = ("kiosk-1", "kiosk-2", "counter-1")
FIRST = "079190000017|270000017|NGUYỄN THỊ MẪU|05031990|Nữ|12/3 Đường Ví Dụ|10052021"
SECOND = "079085000029|270000029|TRẦN VĂN THỬ|02091985|Nam|4 Đường Thử|11052021"
HEAR: Final = """
window.heard = [];
document.addEventListener("live", (event) => window.heard.push(event.detail.topic));
"""
"""What a page's live stream has told it."""


class Station(NamedTuple):
    """A node that lets only paired kiosks in, and the readers by their seat."""

    machine: Machine
    readers: dict[str, Device]

    async def scan(self, seat: str, code: str) -> None:
        """Lay something under the reader of a seat."""
        address = f"http://127.0.0.1:{self.readers[seat].port}/scan"
        async with (
            aiohttp.ClientSession() as session,
            session.post(address, data=code.encode()) as answer,
        ):
            assert answer.status == 204


@pytest.fixture
def readers(tmp_path: Path) -> Iterator[dict[str, Device]]:
    with contextlib.ExitStack() as stack:
        yield {
            seat: stack.enter_context(running("simulate-scanner", "--link", str(tmp_path / seat)))
            for seat in SEATS
        }


@pytest.fixture
async def station(tmp_path: Path, readers: dict[str, Device]) -> AsyncIterator[Station]:
    scanners = "".join(f'[[scanner]]\ndevice = "{seat}"\nseat = "{seat}"\n' for seat in SEATS)
    officer = f"""[[officer]]
id = "lan"
name = "Nguyễn Thị Lan"
counter = "1"
roles = ["officer", "technician"]
pin_phc = "{hash_pin(PIN, b"salt of the test")}"
"""
    kiosks = '[kiosk]\nnames = ["1", "2"]\npairing = "required"\n'
    machine = Machine(tmp_path, kiosks + scanners + officer)
    await machine.start()
    yield Station(machine, readers)
    await machine.kill()


async def listening(browser: Browser) -> Page:
    """A browser of its own that notes what the node tells its pages."""
    context = await browser.new_context(viewport={"width": 1080, "height": 1300})
    await context.add_init_script(HEAR)
    return await context.new_page()


async def at_the_counter(browser: Browser, station: Station) -> Page:
    """The desk's officer, who is the technician too."""
    page = await listening(browser)
    await page.goto(f"{station.machine.url}/counter/sign-in")
    await page.locator("#pin").fill(PIN)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/counter")
    return page


async def pair(technician: Page, kiosk: Page, station: Station, seat: str) -> None:
    """Read the code off the status page, type it at the kiosk."""
    await technician.goto(f"{station.machine.url}/status")
    await technician.locator(f"#pair-{seat}").click()
    code = await technician.locator("#pairing-code").inner_text()
    await kiosk.goto(f"{station.machine.url}/kiosk")
    await expect(kiosk.locator("h1")).to_have_text("Máy này chưa dùng được")
    await kiosk.fill("#code", code)
    await kiosk.locator(".go button").click()
    await kiosk.wait_for_url("**/kiosk")
    await expect(technician.locator("#seats")).to_contain_text("Đã ghép từ")


async def ask_for_a_card(kiosk: Page, station: Station) -> None:
    """The page that waits for a card, with its stream open."""
    await kiosk.goto(f"{station.machine.url}/kiosk/identify")
    await kiosk.wait_for_function("() => window.heard.includes('resync')")


async def scans_heard(page: Page) -> int:
    return int(await page.evaluate("() => window.heard.filter((one) => one === 'scan').length"))


async def two_that_wait(chromium: Browser, station: Station) -> tuple[Page, Page, Page]:
    """Two paired kiosks whose pages wait for a card, and the page that paired them."""
    technician = await at_the_counter(chromium, station)
    first, second = await listening(chromium), await listening(chromium)
    await pair(technician, first, station, "kiosk-1")
    await pair(technician, second, station, "kiosk-2")
    await ask_for_a_card(first, station)
    await ask_for_a_card(second, station)
    return first, second, technician


async def test_each_kiosk_gets_the_card_of_its_own_reader(
    station: Station, chromium: Browser
) -> None:
    first, second, technician = await two_that_wait(chromium, station)
    await station.scan("kiosk-2", SECOND)
    await second.wait_for_url("**/kiosk/person")
    await expect(second.locator("main")).to_contain_text("TRẦN VĂN THỬ")
    await station.scan("kiosk-1", FIRST)
    await first.wait_for_url("**/kiosk/person")
    await expect(first.locator("main")).to_contain_text("NGUYỄN THỊ MẪU")
    await expect(second.locator("main")).to_contain_text("TRẦN VĂN THỬ")
    assert [await scans_heard(page) for page in (first, second, technician)] == [1, 1, 0]


async def test_cards_laid_on_both_at_once_are_not_swapped(
    station: Station, chromium: Browser
) -> None:
    first, second, _ = await two_that_wait(chromium, station)
    await asyncio.gather(station.scan("kiosk-1", FIRST), station.scan("kiosk-2", SECOND))
    await first.wait_for_url("**/kiosk/person")
    await second.wait_for_url("**/kiosk/person")
    await expect(first.locator("main")).to_contain_text("NGUYỄN THỊ MẪU")
    await expect(second.locator("main")).to_contain_text("TRẦN VĂN THỬ")


async def test_a_kiosk_that_is_removed_is_shut_out_without_a_touch(
    station: Station, chromium: Browser
) -> None:
    technician, kiosk = await at_the_counter(chromium, station), await listening(chromium)
    await pair(technician, kiosk, station, "kiosk-1")
    await kiosk.goto(f"{station.machine.url}/kiosk/procedures")
    await technician.locator("#end-kiosk-1").click()
    await expect(kiosk.locator("h1")).to_have_text("Máy này chưa dùng được")


async def test_a_slip_under_the_counter_s_reader_opens_its_dossier(
    station: Station, chromium: Browser
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "k1"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(station.machine.url + DOSSIERS, json=dossier(), headers=headers) as answer,
    ):
        assert answer.status == 201, await answer.text()
        filed = await answer.json()
    page = await at_the_counter(chromium, station)
    await page.wait_for_function("() => window.heard.includes('resync')")
    await page.locator("#find").focus()
    await station.scan("counter-1", filed["dossier_no"])
    await page.wait_for_url(f"**/counter/dossiers/{filed['dossier_id']}")
