"""The statement of the day by an officer's hands: a file, a look, a press; a film by mistake."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.work_screens import Node, faults, overflow, running, sign_in, small_targets
from tests.usecases.money_side import due, hear, look, with_accounts, word

pytestmark = pytest.mark.browser
PATH = "/counter/money/statement"


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with running(tmp_path) as started:
        with_accounts(started.station)
        yield started


@pytest.fixture
async def page(chromium: Browser) -> Page:
    context = await chromium.new_context(viewport={"width": 1366, "height": 768})
    return await context.new_page()


async def test_a_file_a_look_and_a_press(node: Node, page: Page, tmp_path: Path) -> None:
    _, stood = await due(node.station)
    reference = (await look(node.station, stood.payment_id)).reference
    file = tmp_path / "sao-ke.csv"
    rows = f"T1;23/11/2026 08:45;15.000;{reference}\nT2;23/11/2026;9.000;khac\nhong\n"
    file.write_text(f"Số giao dịch;Ngày giao dịch;Số tiền;Nội dung\n{rows}", encoding="utf-8-sig")
    await sign_in(page, node)
    await page.goto(node.url(PATH))
    await expect(page.locator("#file")).to_be_focused()
    assert await faults(page) == []
    await page.set_input_files("#file", file)
    await page.locator("#file").focus()
    await page.locator("main form button").press("Enter")
    await expect(page.locator("#take")).to_be_focused()
    await expect(page.locator(".refused li")).to_contain_text("4")
    assert await faults(page) == []
    assert await small_targets(page) == []
    assert await overflow(page, 683, 384) <= 0
    await page.keyboard.press("Enter")
    await expect(page.locator("#tasks li")).to_have_count(1)
    assert await faults(page) == []
    assert (await look(node.station, stood.payment_id)).state == "reconciled"


async def test_a_film_chosen_by_mistake_is_refused_before_it_leaves(
    node: Node, page: Page, tmp_path: Path
) -> None:
    film = tmp_path / "film.csv"
    film.write_bytes(bytes(2 << 20))
    await sign_in(page, node)
    await page.goto(node.url(PATH))
    await page.set_input_files("#file", film)
    said = await page.locator("#file").evaluate("one => one.validationMessage")
    assert "192 KiB" in said
    await page.locator("main form button").click()
    await expect(page.locator("#file")).to_be_focused()
    assert await page.locator("#hold").is_hidden()


async def test_a_line_that_is_not_ours_is_set_aside_by_keyboard_and_taken_back(
    node: Node, page: Page
) -> None:
    await hear(node.station, word("ABCDEFGHJKLMN", transaction="FT-9"))
    await sign_in(page, node)
    await page.goto(node.url("/counter/money"))
    await page.locator(".task-aside summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.locator("select[name=reason]")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Phường bên cạnh")
    assert await faults(page) == []
    assert await small_targets(page) == []
    assert await overflow(page, 683, 384) <= 0
    await page.keyboard.press("Enter")
    await expect(page.locator("#tasks li")).to_have_count(0)
    await expect(page.locator("#set-aside li")).to_contain_text("Tiền của đơn vị khác")
    await expect(page.locator("#set-aside li")).to_contain_text("Phường bên cạnh")
    assert await faults(page) == []
    assert await overflow(page, 683, 384) <= 0
    await page.locator("#set-aside input[name=reason]").focus()
    await page.keyboard.type("Là tiền của hồ sơ khác")
    await page.keyboard.press("Enter")
    await expect(page.locator("#tasks li")).to_have_count(1)
    await expect(page.locator("#set-aside")).to_have_count(0)
