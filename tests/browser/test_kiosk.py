"""The kiosk in Chromium: whole journeys, restarts, privacy, keyboard, accessibility."""

import pytest
from playwright.async_api import Browser, ConsoleMessage, expect

from edge_node.usecases import lookup
from tests.browser.conftest import SIZES, Node
from tests.browser.kiosk_steps import (
    ANSWERS,
    fill_form,
    go_on,
    open_page,
    scan,
    send_form,
    start_form,
    type_identity,
    violations,
)

pytestmark = pytest.mark.browser

UPRIGHT = SIZES["upright"]


async def test_axe_can_fail(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.evaluate("() => document.querySelector('main').append(new Image())")
        assert any(one.startswith("image-alt") for one in await violations(page))


async def test_a_whole_journey_breaks_no_rule_of_the_policy(node: Node, chromium: Browser) -> None:
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    async with open_page(chromium, node.url, UPRIGHT) as page:
        page.on("console", listen)
        page.on("pageerror", lambda error: said.append(str(error)))
        await fill_form(page, node.url)
        assert await send_form(page) == "A001"
        await page.locator(".help-main").click()
        await page.wait_for_url("**/kiosk")
    assert said == []


async def test_a_number_takes_three_touches(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.locator(".other a").first.tap()
        await page.locator(".services button").nth(1).tap()
        await page.wait_for_url("**/kiosk/ticket/priority**")
        await page.locator("main form button").first.tap()
        await expect(page.locator(".stub-number")).to_have_text("B001")


async def test_a_restart_between_two_pages_is_waited_for(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await start_form(page, node.url)
        await page.fill("#answer", "12/3 Đường Ví Dụ")
        await node.stop()
        await go_on(page)
        await expect(page.locator("#hold")).to_be_visible()
        await expect(page.locator("#answer")).to_have_value("12/3 Đường Ví Dụ")
        await node.start()
        await page.wait_for_url("**/kiosk/questions/duration")
        await expect(page.locator("#hold")).to_be_hidden()


async def test_a_restart_while_sending_makes_one_dossier(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await fill_form(page, node.url)
        # The dossier is stored, but the reply never arrives.
        lost = False

        async def lose_first_reply(route):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            nonlocal lost
            if lost:
                await route.continue_()
                return
            lost = True
            await route.fetch(max_redirects=0)
            await route.abort()

        await page.route("**/kiosk/send", lose_first_reply)
        assert await send_form(page) == "A001"
        assert lost
        assert len(await lookup.worklist(node.station)) == 1


async def test_a_restart_at_every_step_loses_nothing(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await start_form(page, node.url)
        restarts = 0
        while "/kiosk/check" not in page.url:
            here = page.url
            touched = page.locator("button.choice")
            one_touch = await touched.count() > 0
            if await page.locator("#phone").count():
                await page.fill("#phone", "0901234567")
            elif name := next((one for one in ANSWERS if here.endswith(one)), ""):
                await page.fill("#answer", ANSWERS[name])
            elif not one_touch:
                await page.locator(".choice").first.click()
            await node.stop()
            await (touched.last.click() if one_touch else go_on(page))
            await expect(page.locator("#hold")).to_be_visible()
            await node.start()
            await page.wait_for_function("here => location.href !== here", arg=here)
            restarts += 1
        assert restarts == 9
        assert await send_form(page) == "A001"
        line = (await lookup.worklist(node.station))[0]
        view = await lookup.dossier(node.station, line.dossier_id)
        assert view.answers["household_head"] == ANSWERS["household_head"]
        assert view.applicant.phone == "0901234567"


async def test_a_long_wait_offers_the_counter(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.clock.install()
        await page.goto(f"{node.url}/kiosk/ticket")
        await node.stop()
        await page.locator(".services button").first.click()
        await expect(page.locator("#hold")).to_be_visible()
        late = page.locator("#hold-late")
        assert not await late.is_visible()
        for _ in range(40):
            if await late.is_visible():
                break
            await page.clock.run_for(3_000)
        await expect(late).to_contain_text("đến quầy")


SYLLABLES = {
    "nguyên": "nguyễn", "hoa": "hõa", "thuy": "thũy", "quy": "quỹ", "gia": "giã", "gi": "gĩ",
    "toan": "toãn", "khuyu": "khuỹu", "ngươi": "người".replace("ờ", "ỡ"), "Đươc": "Đưỡc",
    "nghia": "nghĩa", "HUÊ": "HUỄ", "hoài": "hoãi", "xyz": "xỹz", "bcd": "bcd",
}  # fmt: skip


async def test_tones_sit_where_people_write_them(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        written = await page.evaluate(
            """async syllables => {
              const [link] = document.querySelectorAll("link[href$='vietnamese.js']");
              const {put} = await import(link.href);
              return Object.fromEntries(syllables.map(one => [one, put(one, 4)]));
            }""",
            list(SYLLABLES),
        )
        assert written == SYLLABLES


async def test_a_late_reply_does_not_replace_another_page(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await node.stop()
        await page.locator(".wide").click()
        await expect(page.locator("#hold")).to_be_visible()
        await page.locator(".other a").first.click()
        await node.start()
        await page.wait_for_url("**/kiosk/ticket")
        await expect(page.locator(".services")).to_be_visible()


async def test_what_was_typed_survives_a_reload(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await start_form(page, node.url)
        await page.fill("#answer", "45 Hẻm Mẫu")
        await page.reload()
        await expect(page.locator("#answer")).to_have_value("45 Hẻm Mẫu")
        await go_on(page)
        await page.wait_for_url("**/kiosk/questions/duration")
        await page.locator(".choice").nth(1).click()
        await page.wait_for_url("**/kiosk/questions/relation")
        await page.reload()
        await expect(page.locator(".choice").first).to_be_visible()


async def test_the_keys_on_the_screen_write_vietnamese(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.goto(f"{node.url}/kiosk/identify/type")
        await page.locator("#full_name").tap()

        async def press(*names: str) -> None:
            for name in names:
                await page.get_by_role("button", name=name, exact=True).tap()

        await press("N", "g", "u", "y", "ê", "n", "ngã", "Dấu cách")
        await press("T", "h", "i", "nặng", "Dấu cách", "H", "ơ", "a", "Xóa một chữ")
        await expect(page.locator("#full_name")).to_have_value("Nguyễn Thị Hơ")
        await page.locator("#id_number").tap()
        await press("0", "7", "9", "Xóa một chữ")
        await expect(page.locator("#id_number")).to_have_value("07")


async def test_a_scanner_leaks_no_key_into_a_field(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.goto(f"{node.url}/kiosk/find")
        await page.locator("#number").focus()
        await page.keyboard.type("T26560")
        await page.keyboard.press("F8")
        await page.keyboard.type("079190000017|270")
        await expect(page.locator("#number")).to_have_value("T26560")
        await page.goto(f"{node.url}/kiosk")
        await scan(page)
        await page.wait_for_url("**/kiosk/person")


async def test_the_keyboard_alone_is_enough(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, SIZES["landscape"], touch=False) as page:
        await page.goto(f"{node.url}/kiosk/ticket")
        for _ in range(20):
            await page.keyboard.press("Tab")
            if await page.evaluate("() => document.activeElement.name === 'service'"):
                break
        ring = await page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
        assert ring == "4px"
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/kiosk/ticket/priority**")
        await page.locator("main form button").first.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".stub-number")).to_have_text("A001")


async def test_without_script_the_form_still_works(node: Node, chromium: Browser) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{node.url}/kiosk/procedures/res-temporary")
    await page.locator(".go form button").click()
    await page.locator(".go a").first.click()
    await type_identity(page)
    await page.locator(".go .button-main").click()
    await expect(page.locator("#answer")).to_be_visible()
    await context.close()


async def test_the_list_filters_while_typing(node: Node, chromium: Browser) -> None:
    async with open_page(chromium, node.url, UPRIGHT) as page:
        await page.goto(f"{node.url}/kiosk/procedures")
        await page.fill("#q", "ho chieu")
        shown = page.locator("#results li:visible")
        await expect(shown.first).to_contain_text("hộ chiếu", ignore_case=True)
        await page.fill("#q", "xyzzy")
        await expect(shown).to_have_count(0)
        await expect(page.locator("#nothing")).to_be_visible()
