"""What a visitor leaves at the kiosk: nothing, whichever way the visit ends."""

import json

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import SIZES, Node
from tests.browser.kiosk_steps import (
    PERSONAL,
    fill_form,
    open_page,
    send_form,
    start_form,
    violations,
)

pytestmark = pytest.mark.browser

UPRIGHT = SIZES["upright"]


async def remains(page: Page) -> str:
    """Everything a browser could still show or send: page, storage, history state, cookies."""
    kept = await page.evaluate(
        "() => JSON.stringify([document.documentElement.outerHTML, {...sessionStorage},"
        " {...localStorage}, history.state, [...document.querySelectorAll('input')]"
        ".map(input => input.value)])"
    )
    return str(kept) + json.dumps([dict(one) for one in await page.context.cookies()])


async def test_done_leaves_nothing_behind(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT, language="en") as page:
        await fill_form(page, node.url)
        before = await remains(page)
        assert any(text in before for text in PERSONAL), "the scrape can see"
        await page.locator(".help-main").click()
        await page.wait_for_url("**/kiosk")
        await expect(page.locator(".tiles")).to_be_visible()
        left = await remains(page)
        assert [text for text in PERSONAL if text in left] == []
        assert await page.context.cookies() == []
        assert await page.evaluate("() => document.documentElement.lang") == "vi"
        await page.go_back()
        left = await remains(page)
        assert [text for text in PERSONAL if text in left] == []


async def test_silence_asks_then_clears(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.clock.install()
        await start_form(page, node.url)
        await page.fill("#answer", "45 Hẻm Mẫu")
        await page.clock.run_for(61_000)
        await expect(page.locator("#still-there")).to_be_visible()
        assert await violations(page) == []
        await page.locator("#still-here").click()
        await expect(page.locator("#still-there")).to_be_hidden()
        await expect(page.locator("#answer")).to_have_value("45 Hẻm Mẫu")
        await page.clock.run_for(61_000)
        await expect(page.locator("#still-there")).to_be_visible()
        await page.clock.run_for(20_000)
        await expect(page.locator("#still-there")).to_be_visible()
        await page.clock.run_for(11_000)
        await page.wait_for_url("**/kiosk")
        await expect(page.locator(".tiles")).to_be_visible()
        left = await remains(page)
        assert [text for text in (*PERSONAL, "Hẻm Mẫu") if text in left] == []


async def test_a_touch_puts_the_question_off(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.clock.install()
        await start_form(page, node.url)
        for _ in range(3):
            await page.clock.run_for(50_000)
            await page.touchscreen.tap(500, 300)
        await expect(page.locator("#still-there")).to_be_hidden()


async def test_the_number_clears_itself_and_can_be_kept(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.clock.install()
        await page.goto(f"{node.url}/kiosk/ticket")
        await page.locator(".services button").first.click()
        await page.wait_for_url("**/kiosk/ticket/priority**")
        await page.locator("main form button").first.click()
        await page.wait_for_url("**/kiosk/ticket/done")
        await page.clock.run_for(15_000)
        await page.locator("[data-stay]").click()
        await page.clock.run_for(15_000)
        await expect(page.locator(".stub-number")).to_be_visible()
        await page.clock.run_for(6_000)
        await page.wait_for_url("**/kiosk")


async def test_clearing_hides_everything_even_while_the_node_is_away(
    node: Node, chromium: Browser
) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.clock.install()
        await start_form(page, node.url)
        await page.fill("#answer", "45 Hẻm Mẫu")
        await node.stop()
        await page.clock.run_for(92_000)
        left = await remains(page)
        assert [text for text in (*PERSONAL, "Hẻm Mẫu") if text in left] == []


SOW = """async person => {
  sessionStorage.note = localStorage.note = person;
  document.cookie = `note=${encodeURIComponent(person)}; path=/`;
  history.replaceState({note: person}, "");
  await new Promise((done, fail) => {
    const request = indexedDB.open("notes", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("notes").add(person, 1);
    request.onsuccess = () => { request.result.close(); done(); };
    request.onerror = fail;
  });
  await (await caches.open("notes")).put("/kiosk/note", new Response(person));
}"""
REAP = """async () => JSON.stringify([
  {...sessionStorage}, {...localStorage}, document.cookie, history.state,
  (await indexedDB.databases()).map(one => one.name),
  (await caches.keys()).filter(name => !name.startsWith("restarting-")),
])"""
EMPTY = '[{},{},"",{},[],[]]'


async def test_every_store_of_the_browser_and_the_paper_are_empty_after_a_visit(
    node: Node, chromium: Browser
) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        length = await page.evaluate("() => history.length")
        await fill_form(page, node.url)
        await send_form(page)
        await page.evaluate(SOW, PERSONAL[0])
        assert (await page.evaluate(REAP)).count(PERSONAL[0]) >= 3, "the scrape can see"
        async with page.expect_response("**/kiosk/reset"):
            await page.locator("[data-reset] button").first.click()
        await expect(page.locator(".tiles")).to_be_visible()
        assert await page.evaluate(REAP) == EMPTY
        steps = await page.evaluate("() => history.length") - length
        for _ in range(steps):
            await page.go_back()
            left = await remains(page)
            assert [text for text in PERSONAL if text in left] == []
        slips = await node.station.store.read(
            lambda connection: connection.execute("SELECT slip FROM print_job").fetchall()
        )
        assert slips
        assert [text for text in PERSONAL if text in str(slips)] == []
