"""Photographing a paper with Chromium's camera: sharp, blurred, dark, missing, interrupted."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter
from playwright.async_api import Page, async_playwright, expect

from edge_node.usecases import attachments, lookup
from tests.browser.conftest import SIZES, Node
from tests.browser.kiosk_steps import open_page, scan, violations
from tests.chromium import launch
from tests.usecases.city_side import daemon_of
from tests.usecases.test_attachments import give_key

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 640, 480
FRAMES = 4
STOPPED = "() => !document.querySelector('video')?.srcObject?.active"


def printed_page(seed: int = 1) -> Image.Image:
    """A sheet with lines of print, as a camera sees it."""
    page = Image.new("L", (WIDTH, HEIGHT), 205)
    draw, chance = ImageDraw.Draw(page), random.Random(seed)  # noqa: S311 - a picture, no secret
    for y in range(30, HEIGHT - 30, 14):
        x = 40
        while x < WIDTH - 60:
            length = chance.randint(3, 9)
            draw.rectangle((x, y, x + length, y + 6), fill=40)
            x += length + chance.randint(2, 6)
    return page


PICTURES = {
    "sharp": printed_page(),
    "blurred": printed_page().filter(ImageFilter.GaussianBlur(5)),
    "dark": printed_page().point(lambda value: value // 5),
}


def write_video(path: Path, picture: Image.Image) -> Path:
    """An uncompressed video that shows one picture for ever."""
    grey, colour = picture.tobytes(), bytes([128]) * (WIDTH * HEIGHT // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode())
        for _ in range(FRAMES):
            file.write(b"FRAME\n" + grey + colour)
    return path


@pytest.fixture
def videos(tmp_path: Path) -> dict[str, Path]:
    return {name: write_video(tmp_path / f"{name}.y4m", one) for name, one in PICTURES.items()}


@pytest.fixture
async def keyed(node: Node, tmp_path: Path) -> AsyncIterator[Node]:
    """A node that knows the city's key."""
    async with daemon_of(tmp_path) as daemon:
        await give_key(daemon)
        await attachments.clear_strays(node.station)
        yield node


@asynccontextmanager
async def camera_page(node: Node, *camera: str) -> AsyncIterator[Page]:
    """A kiosk on the page of the camera."""
    async with async_playwright() as playwright:
        browser = await launch(playwright, *camera)
        async with open_page(browser, node.url, SIZES["landscape"]) as page:
            await page.goto(f"{node.url}/kiosk/procedures/res-unqualified")
            await scan(page)
            await page.locator("button[value=yes]").click()
            await page.wait_for_url("**/current_address")
            await page.goto(f"{node.url}/kiosk/papers")
            await page.locator("button[name=photo]").first.click()
            await page.wait_for_url("**/photo")
            yield page
        await browser.close()


def fake(video: Path) -> tuple[str, ...]:
    return (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    )


async def said(page: Page) -> str:
    return await page.locator(".camera-say span:visible").inner_text()


async def test_a_clear_page_is_taken_by_itself_looked_at_and_kept(
    keyed: Node, videos: dict[str, Path]
) -> None:
    async with camera_page(keyed, *fake(videos["sharp"])) as page:
        camera = page.locator("#camera")
        await expect(camera).to_have_attribute("data-state", "shot-ok", timeout=20_000)
        assert await said(page) == "Ảnh rõ. Xin xem lại."
        assert await violations(page) == []
        await page.locator("[data-shot=again]").click()
        await expect(camera).to_have_attribute("data-state", "live")
        await page.locator("[data-shot=take]").click()
        await page.locator("[data-shot=use]").click()
        await page.wait_for_url("**/kiosk/papers")
        await expect(page.locator(".button-done").first).to_contain_text("Đã chụp 1 ảnh")
        assert await page.evaluate(STOPPED), "the camera is off"
        await page.goto(f"{keyed.url}/kiosk/questions/current_address")
        await page.fill("#answer", "12/3 Đường Ví Dụ")
        await page.locator("#answer").press("Enter")
        await page.wait_for_url("**/kiosk/papers")
        await page.locator(".go .button-main").click()
        await page.wait_for_url("**/kiosk/phone")
        await page.locator("[name=skip]").click()
        await page.wait_for_url("**/kiosk/check")
        await page.locator(".go .button-main").click()
        await expect(page.locator(".stub-number")).to_have_text("A001")
    line = (await lookup.worklist(keyed.station))[0]
    (paper,) = await attachments.of_dossier(keyed.station, bytes.fromhex(line.dossier_id))
    assert paper.name == "ct01-1.jpg"
    assert paper.media_type == "image/jpeg"


@pytest.mark.parametrize(("picture", "words"), [("blurred", "Ảnh hơi mờ."), ("dark", "Hơi tối.")])
async def test_a_poor_picture_is_said_to_be_poor_and_may_be_used(
    keyed: Node, videos: dict[str, Path], picture: str, words: str
) -> None:
    async with camera_page(keyed, *fake(videos[picture])) as page:
        await page.locator("[data-shot=take]").click()
        await expect(page.locator("#camera")).to_have_attribute("data-state", f"shot-{picture}")
        assert (await said(page)).startswith(words)
        await page.locator("[data-shot=use]").click()
        await page.wait_for_url("**/kiosk/papers")
        await expect(page.locator(".button-done")).to_have_count(1)


async def test_without_a_camera_the_paper_goes_to_the_counter(keyed: Node) -> None:
    async with camera_page(keyed) as page:
        await expect(page.locator("#camera")).to_have_attribute("data-state", "none")
        assert (await said(page)).startswith("Máy này chưa dùng được máy ảnh.")
        assert await page.locator("button[data-shot]:visible").count() == 0
        await page.locator("[data-shot=leave]").click()
        await page.wait_for_url("**/kiosk/papers")


async def test_a_restart_while_sending_keeps_the_picture(
    keyed: Node, videos: dict[str, Path]
) -> None:
    async with camera_page(keyed, *fake(videos["sharp"])) as page:
        await expect(page.locator("#camera")).to_have_attribute(
            "data-state", "shot-ok", timeout=20_000
        )
        await keyed.stop()
        await page.locator("[data-shot=use]").click()
        await expect(page.locator("#hold")).to_be_visible()
        await keyed.start()
        await page.wait_for_url("**/kiosk/papers")
        await expect(page.locator(".button-done").first).to_contain_text("Đã chụp 1 ảnh")
