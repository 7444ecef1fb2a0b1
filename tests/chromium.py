"""Debian's Chromium, started once in each test process; every test has contexts of its own."""

from playwright.async_api import Browser, Playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


async def launch(playwright: Playwright, *more: str) -> Browser:
    """Another browser, for a test that needs it started with arguments of its own."""
    return await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])
