"""The kiosk's frame in Chromium: waiting, help, reach, keypad, typing, the restarting page."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import SIZES, Node
from tests.browser.kiosk_steps import open_page, violations

pytestmark = pytest.mark.browser

UPRIGHT = SIZES["upright"]
LANDSCAPE = SIZES["landscape"]
LOWEST_PX = 900
"""Everything to be touched lies in so many pixels from the bottom (1,220 mm from the floor)."""

HIGH = f"""() => [...document.querySelectorAll("a, button, input:not([type=hidden]), label.choice")]
  .filter(part => part.checkVisibility() && !part.matches(".skip, .choice input, .input")
    && !part.closest("main")?.scrollTop)
  .filter(part => part.getBoundingClientRect().top < innerHeight - {LOWEST_PX})
  .map(part => part.outerHTML.slice(0, 90))"""
PRESSED = """() => {
  const tile = document.querySelector(".tile");
  tile.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true}));
  const down = tile.classList.contains("pressed");
  tile.dispatchEvent(new PointerEvent("pointerup", {bubbles: true}));
  return [down, tile.classList.contains("pressed")];
}"""


async def test_an_empty_room_waits_and_a_touch_chooses_the_language(
    node: Node, chromium: Browser
) -> None:
    for size in (UPRIGHT, LANDSCAPE):
        async with open_page(chromium, node.url, size, language="en") as page:
            await page.clock.install()
            await page.goto(f"{node.url}/kiosk")
            await page.clock.run_for(110_000)
            assert page.url.endswith("/kiosk"), "any touch starts the time anew"
            await page.mouse.click(5, 300)
            await page.clock.run_for(110_000)
            await expect(page.locator(".tiles")).to_be_visible()
            await page.clock.run_for(12_000)
            await page.wait_for_url("**/kiosk/welcome")
            await expect(page.locator(".welcome-lang")).to_be_visible()
            assert await violations(page) == []
            assert await page.context.cookies() == []
            await page.mouse.click(size[0] / 2, size[1] / 3)
            await expect(page.locator("html")).to_have_attribute("lang", "vi")
            await page.goto(f"{node.url}/kiosk/welcome")
            await page.get_by_text("English").click()
            await expect(page.locator("h1")).to_contain_text("Hello")


async def test_help_is_called_without_leaving_the_page(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.goto(f"{node.url}/kiosk/find")
        await page.fill("#number", "T26560")
        await page.locator(".help-gold").click()
        await expect(page.locator("#called")).to_contain_text("Đã gọi cán bộ.")
        await expect(page.locator("#number")).to_have_value("T26560")
        assert await violations(page) == []
        await page.locator("#called button").click()
        await expect(page.locator("#called")).to_contain_text("Gọi cán bộ giúp")


async def test_low_reach_puts_everything_down(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        assert await page.evaluate(HIGH) != [], "the ordinary page uses the whole height"
        for path in ("/kiosk", "/kiosk/procedures", "/kiosk/ticket", "/kiosk/identify/type"):
            for text in ("normal", "large"):
                await page.goto(f"{node.url}{path}?reach=low&text={text}")
                assert await page.evaluate(HIGH) == [], path
                main = await page.locator("main").bounding_box()
                assert main is not None
                keys = await page.locator(".keys").count()
                assert main["y"] >= UPRIGHT[1] - (LOWEST_PX if not keys else 1300), path
        assert await violations(page) == []


async def test_a_touch_shows_at_once(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        assert await page.evaluate(PRESSED) == [True, False]


async def test_a_keypad_is_enough(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, LANDSCAPE, touch=False) as page:
        await page.keyboard.press("7")
        await page.wait_for_url("**/kiosk/ticket")
        await page.keyboard.press("Escape")
        await page.wait_for_url("**/kiosk")
        await page.keyboard.press("1")
        await page.wait_for_url("**/kiosk/procedures/res-temporary")
        walked = set()
        for _ in range(12):
            await page.keyboard.press("+")
            walked.add(await page.evaluate("() => document.activeElement.textContent.trim()"))
            ring = "() => getComputedStyle(document.activeElement).outlineWidth"
            assert await page.evaluate(ring) == "4px"
        assert {"Quay lại", "Chỉ lấy số", "Gọi cán bộ giúp"} <= walked
        await page.keyboard.press("-")
        await page.locator(".go form button").first.focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/kiosk/identify")


async def type_name(page: Page, keys: str) -> str:
    await page.fill("#full_name", "")
    await page.locator("#full_name").focus()
    await page.keyboard.type(keys)
    return await page.locator("#full_name").input_value()


async def test_a_keyboard_writes_vietnamese(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.goto(f"{node.url}/kiosk/identify/type")
        assert await type_name(page, "Nguyeenx Thi5 Hoaf") == "Nguyễn Thị Hòa"
        await page.keyboard.press("Backspace")
        assert await page.locator("#full_name").input_value() == "Nguyễn Thị Hoa"
        assert await type_name(page, "12a1, Masteri") == "12a1, Masteri"
        await page.locator("#full_name").tap()
        method = page.locator(".key-method")
        for name, written in (("Telex", "Hoa1"), ("VNI", "Hoaf"), ("Không dấu", "Hoaf")):
            await method.tap()
            await expect(method).to_have_text(name)
            keys = "Hoa1" if name == "Telex" else "Hoaf"
            assert await type_name(page, keys) == written
        await page.locator(".help-main").click()
        await page.wait_for_url("**/kiosk")
        await page.goto(f"{node.url}/kiosk/identify/type")
        await page.locator("#full_name").tap()
        await expect(method).to_have_text("Tự nhận")


async def test_composition_of_the_machine_is_left_alone(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT, touch=False) as page:
        await page.goto(f"{node.url}/kiosk/identify/type")
        await page.locator("#full_name").focus()
        session = await page.context.new_cdp_session(page)
        for text in ("a", "aa"):
            await session.send(
                "Input.imeSetComposition",
                {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
            )
        assert await page.locator("#full_name").input_value() == "aa"


async def test_a_hard_load_waits_for_the_node(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.evaluate("() => navigator.serviceWorker.ready.then(() => {})")
        await page.goto(f"{node.url}/kiosk/find")
        await node.stop()
        await page.reload()
        await expect(page.locator("h1").first).to_contain_text("Trạm đang khởi động lại.")
        await expect(page).to_have_url(f"{node.url}/kiosk/find")
        kept = await page.evaluate(
            "() => caches.keys().then(names => Promise.all(names.map(name => caches.open(name)"
            ".then(shelf => shelf.keys())))).then(all => all.flat().map(one => one.url))"
        )
        assert sorted(one.rpartition("/")[2] for one in kept) == [
            "restarting",
            "restarting.css",
            "restarting.js",
        ]
        await node.start()
        await expect(page.locator("#number")).to_be_visible()
