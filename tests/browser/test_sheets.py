"""The sheets of the counter in a real browser: one at a time, readable, each with its own words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from edge_node.usecases import lookup
from edge_node.usecases.decisions import results
from tests.browser.work_screens import (
    Node,
    faults,
    overflow,
    running,
    sign_in,
    small_targets,
)
from tests.usecases.filing import received
from tests.usecases.samples import submit

pytestmark = pytest.mark.browser

STEPS = ("transfer", "extend", "pause", "stop", "note")


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with running(tmp_path) as started:
        yield started


@pytest.fixture
async def page(chromium: Browser) -> Page:
    context = await chromium.new_context(viewport={"width": 1366, "height": 768})
    return await context.new_page()


async def open_sheet(page: Page, name: str) -> None:
    await page.locator("#steps summary").focus()
    await page.keyboard.press("Enter")
    await page.locator(f"button[value={name}]").focus()
    await page.keyboard.press("Enter")
    await page.locator(f".sheet-{name}").wait_for()


async def test_every_sheet_is_readable_and_keeps_its_words_to_itself(
    node: Node, page: Page
) -> None:
    command = await received(node.station)
    address = f"/counter/dossiers/{command.dossier_id.hex()}"
    await sign_in(page, node)
    await page.goto(node.url(address))
    for name in STEPS:
        await open_sheet(page, name)
        assert await faults(page) == [], name
        assert await small_targets(page) == [], name
        field = page.locator(".sheet textarea").last
        await expect(field).to_have_value("")
        await field.fill(f"lời của {name}")
        await expect(page.locator("input[name=paper\\.ct01]")).to_be_checked()
        await page.keyboard.press("Escape")
        await page.locator("#steps").wait_for()
    assert await overflow(page, 683, 384) <= 0
    await open_sheet(page, "note")
    await expect(page.locator("#words")).to_have_value("lời của note")
    await page.locator("#confirm").click()
    await page.locator("#steps").wait_for()
    view = await lookup.dossier(node.station, command.dossier_id.hex())
    assert (view.state, view.version) == ("received", 3)


async def test_the_result_is_handed_over_and_the_history_shows_it(node: Node, page: Page) -> None:
    command = await received(node.station)
    await results.finish(node.station, command, "KQ-1")
    address = f"/counter/dossiers/{command.dossier_id.hex()}"
    await sign_in(page, node)
    await page.goto(node.url(address))
    await page.locator("button[value=hand_over]").click()
    await expect(page.locator("input[value=holder]")).to_be_checked()
    assert await faults(page) == []
    assert await small_targets(page) == []
    await page.locator("input[value=officer_saw_card]").check()
    await page.locator("#confirm").click()
    await expect(page.locator("#sheet-problem, .result-handed_over")).to_be_visible()
    await page.goto(node.url(f"{address}/history"))
    assert await faults(page) == []
    assert await overflow(page, 683, 384) <= 0


WHOLE = """(one) => {
  const box = one.getBoundingClientRect();
  const part = one.closest(".sheet")?.getBoundingClientRect() ?? {top: 0, bottom: innerHeight};
  return box.height > 0 && box.top >= Math.max(part.top, 0)
    && box.bottom <= Math.min(part.bottom, innerHeight)
    && one.contains(document.elementFromPoint(box.x + box.width / 2, box.bottom - 2));
}"""
"""Whether all of a control can be seen: inside its sheet and the window, under nothing."""


async def receive_sheet(page: Page, node: Node, key: str, procedure_id: str) -> None:
    answer = await submit(node.station, key, procedure_id=procedure_id, documents=[])
    await page.goto(node.url(f"/counter/dossiers/{answer.dossier_id}"))
    await page.locator("button[value=receive]").click()
    await page.locator(".sheet-receive").wait_for()


async def seen_whole(page: Page, *names: str) -> list[bool]:
    return [bool(await page.locator(name).evaluate(WHOLE)) for name in names]


async def test_a_long_shortage_hides_neither_fields_nor_buttons(node: Node, page: Page) -> None:
    await sign_in(page, node)
    await receive_sheet(page, node, "long", "res-permanent")
    assert await page.locator(".short li").count() >= 5
    fields = ("#reason", "#rest_due_on", "#confirm", ".decide .quiet")
    assert await seen_whole(page, *fields) == [True] * 4


async def test_a_field_below_the_fold_comes_in_whole_by_keyboard(node: Node, page: Page) -> None:
    """The same person's second dossier asks for one reason more than the panel is high."""
    await sign_in(page, node)
    await receive_sheet(page, node, "first", "veh-withdraw")
    await receive_sheet(page, node, "second", "veh-withdraw")
    for name in ("#duplicate_reason", "#reason", "#rest_due_on"):
        await expect(page.locator(name)).to_be_focused()
        assert await seen_whole(page, name, "#confirm", ".decide .quiet") == [True] * 3, name
        await page.keyboard.press("Tab")
    await expect(page.locator("#confirm")).to_be_focused()
    await page.set_viewport_size({"width": 1366, "height": 600})
    await page.locator("#rest_due_on").focus()
    assert await seen_whole(page, "#rest_due_on", "#confirm") == [True] * 2


async def test_the_form_of_a_paper_is_chosen_by_keyboard_printed_and_shown(
    node: Node, page: Page
) -> None:
    papers = [{"id": "lltp", "have": True}, {"id": "identity-copy", "have": False}]
    answer = await submit(node.station, procedure_id="criminal-record", documents=papers)
    address = f"/counter/dossiers/{answer.dossier_id}"
    await sign_in(page, node)
    await page.goto(node.url(address))
    copied = page.locator("#form-identity-copy")
    await expect(copied).to_be_hidden()
    await page.locator("#paper-identity-copy").focus()
    await page.keyboard.press("Space")
    await expect(copied).to_have_value("copy_to_compare")
    await page.locator("#paper-lltp").focus()
    await page.keyboard.press("Tab")
    await expect(page.locator("#form-lltp")).to_be_focused()
    await expect(page.locator("#form-lltp")).to_have_value("")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#form-lltp")).to_have_value("original")
    assert await faults(page) == []
    assert await small_targets(page) == []
    assert await overflow(page, 683, 384) <= 0
    await page.locator("button[value=receive]").click()
    await page.locator(".sheet-receive").wait_for()
    await expect(page.locator("#form-lltp")).to_have_value("original")
    await page.locator("#confirm").click()
    await expect(page.locator("li:has(#paper-lltp) .form")).to_have_text("Bản chính")
    await expect(page.locator("li:has(#paper-identity-copy) .form")).to_contain_text("đối chiếu")
    view = await lookup.dossier(node.station, answer.dossier_id)
    assert {one.id: one.form for one in view.documents if one.have} == {
        "lltp": "original",
        "identity-copy": "copy_to_compare",
    }
    assert await faults(page) == []


async def test_what_was_typed_beside_a_received_dossier_takes_no_tick_away(
    node: Node, page: Page
) -> None:
    command = await received(node.station)
    await sign_in(page, node)
    address = node.url(f"/counter/dossiers/{command.dossier_id.hex()}")
    await page.goto(address)
    typed = "form => form.dispatchEvent(new InputEvent('input', {bubbles: true}))"
    await page.locator("form[data-draft]:has(#paper-ct01)").evaluate(typed)
    await page.goto(address)
    await expect(page.locator("#paper-ct01")).to_be_disabled()
    await expect(page.locator("#paper-ct01")).to_be_checked()
    await expect(page.locator("li:has(#paper-ct01) em.yes")).to_be_visible()
