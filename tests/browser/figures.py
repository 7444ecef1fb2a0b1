"""How quickly the kiosk answers an old machine: figures with their goals, never a test.

Measured by the browser itself over the DevTools protocol: the processor six times slower, the
line of a station's LAN, an empty cache; each figure is the median of several tries. Times of a
busy machine say little: they are printed beside their goals and fail nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from typing import Final, NamedTuple

from playwright.async_api import Browser, CDPSession, Page

from tests.browser import walk
from tests.browser.looks import FULL_SIZES
from tests.browser.scene import Scene

SLOWER: Final = 6
BYTES_PER_S: Final = 10_000_000 // 8
LATENCY_MS: Final = 10
TRIES: Final = 7

WATCH: Final = (
    walk.COUNT_ARRIVALS
    + """
  window.seen = { blocked: 0, moved: 0, largest: 0, keys: [] };
  const note = (type, act, more) => new PerformanceObserver((list) =>
    list.getEntries().forEach(act)).observe({ type, buffered: true, ...more });
  note("longtask", (one) => { window.seen.blocked += one.duration - 50; });
  note("layout-shift", (one) => { if (!one.hadRecentInput) window.seen.moved += one.value; });
  note("largest-contentful-paint", (one) => { window.seen.largest = one.startTime; });
  note("event", (one) => { if (one.name === "keydown") window.seen.keys.push(one.duration); },
    { durationThreshold: 16 });
  window.ready = new Promise((done) => document.addEventListener("page", () =>
    done(performance.now()), { once: true }));
"""
)
"""Ready is when the page's own scripts have put their handlers in place and say `page`."""

FLOOR: Final = "/restarting"
"""A page of a few words from the same node in the same browser: nothing can be quicker."""

LOADED: Final = "() => performance.timing.loadEventEnd - performance.timing.navigationStart"

READY: Final = "() => window.ready"
SETTLED: Final = "() => new Promise((done) => requestIdleCallback(done))"
NEXT_PAGE: Final = """(target) => new Promise((done) => {
  const before = performance.now();
  document.addEventListener("page", () => requestAnimationFrame(() =>
    setTimeout(() => done(performance.now() - before))), { once: true });
  document.querySelector(target).click();
})"""


class Figure(NamedTuple):
    """What was measured, the median, the goal that it must not exceed (0: none), and its unit."""

    name: str
    measured: float
    goal: float
    unit: str

    @property
    def words(self) -> str:
        """One line for people."""
        said = f"{self.name:44} {self.measured:9.4g} {self.unit:3}"
        if not self.goal:
            return said
        return f"{said} goal {self.goal:g}: {'met' if self.measured <= self.goal else 'short'}"


async def measure(browser: Browser, scene: Scene) -> list[Figure]:
    """Every timed row of the screens' scorecard."""
    loads, floors, turns, keys = [], [], [], []
    for _ in range(TRIES):  # side by side, so that a busy moment falls on all of them
        floors.append(await _floor(browser, scene))
        loads.append(await _load(browser, scene))
        turns.append(await _turn(browser, scene))
        keys.append(await _keys(browser, scene))
    ready, blocked, moved, largest = (median(one) for one in zip(*loads, strict=True))
    return [
        Figure("a page of a few words: loaded", median(floors), 0, "ms"),
        Figure("first screen: ready for a touch", ready, 1_000, "ms"),
        Figure("first screen: largest part painted", largest, 1_000, "ms"),
        Figure("first screen: main thread blocked", blocked, 100, "ms"),
        Figure("first screen: moved by itself", moved, 0.01, ""),
        Figure("a tile until the next page", median(turns), 200, "ms"),
        Figure("a key until its letter is painted", median(keys), 50, "ms"),
    ]


async def _load(browser: Browser, scene: Scene) -> tuple[float, float, float, float]:
    async with _slow(browser) as page:
        await page.goto(f"{scene.url}/kiosk")
        ready = float(await page.evaluate(READY))
        await page.evaluate(SETTLED)
        seen = await page.evaluate("() => window.seen")
    return ready, seen["blocked"], seen["moved"], seen["largest"]


async def _floor(browser: Browser, scene: Scene) -> float:
    async with _slow(browser) as page:
        await page.goto(f"{scene.url}{FLOOR}", wait_until="load")
        await page.evaluate(SETTLED)
        return float(await page.evaluate(LOADED))


async def _turn(browser: Browser, scene: Scene) -> float:
    async with _slow(browser) as page:
        await page.goto(f"{scene.url}/kiosk")
        await page.evaluate(READY)
        await page.evaluate(SETTLED)
        return float(await page.evaluate(NEXT_PAGE, ".tiles a"))


async def _keys(browser: Browser, scene: Scene) -> float:
    """The slowest of a few keys; what is quicker than Event Timing counts (16 ms) is that."""
    async with _slow(browser) as page:
        await page.goto(f"{scene.url}/kiosk/identify/type")
        await page.evaluate(READY)
        await page.locator("#full_name").focus()
        await page.evaluate(SETTLED)
        for letter in "Nguyeenx":
            await page.keyboard.press(letter)
            await page.evaluate(SETTLED)
        assert await page.locator("#full_name").input_value() == "Nguyễn"
        durations = await page.evaluate("() => window.seen.keys")
    return max(durations, default=16.0)


@asynccontextmanager
async def _slow(browser: Browser) -> AsyncIterator[Page]:
    """An old kiosk with an empty cache."""
    width, height = FULL_SIZES["kiosk"]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, service_workers="block"
    )
    await context.add_init_script(WATCH)
    page = await context.new_page()
    session: CDPSession = await context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    line = {"offline": False, "latency": LATENCY_MS}
    line |= {"downloadThroughput": BYTES_PER_S, "uploadThroughput": BYTES_PER_S}
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", line)
    try:
        yield page
    finally:
        await context.close()
