"""What a page may not do while somebody walks through it, noted as it happens.

Noted are breaches of the content security policy, errors and warnings of the console, scripts that
failed, new windows, dialogs, and pages of the browser itself instead of ours.
"""

from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Frame, Page

from tests.browser.walk import COUNT_ARRIVALS

SCRIPT = """
  addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
  window.shifted = 0;
  window.shifters = new Set();
  const nameOf = (node) => `${node?.nodeName}#${node?.id ?? ""}.${node?.className ?? ""}`;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
    if (entry.hadRecentInput) return;
    window.shifted += entry.value;
    entry.sources.forEach((source) => window.shifters.add(nameOf(source.node)));
  })).observe({ type: "layout-shift", buffered: true });
"""
REFUSED = "Failed to load resource"
"""What Chromium says of every answer from 400 on, also of our own words beside a field."""


class Watch:
    """The list of what went wrong in one browser context."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.away = False
        """While the node is meant to be away, refused connections are no fault."""

    async def follow(self, context: BrowserContext) -> None:
        """Watch every page of a context, from before its first line of script."""
        await context.add_init_script(SCRIPT + COUNT_ARRIVALS)
        context.on("page", self._opened)

    def _opened(self, page: Page) -> None:
        if len(page.context.pages) > 1:
            self.said.append(f"new window: {page.url}")
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(f"script: {error}"))
        page.on("framenavigated", self._moved)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if message.text.startswith(REFUSED) or (self.away and "net::ERR" in message.text):
            return
        self.said.append(f"console: {message.text}")

    def _moved(self, frame: Frame) -> None:
        if frame.url.startswith("chrome-error:"):
            self.said.append(f"browser's own error page instead of {frame.page.url}")


def refuse_dialogs(watch: Watch, page: Page) -> None:
    """Note every alert, prompt and question of the browser itself, and close it."""

    async def close(dialog: Dialog) -> None:
        watch.said.append(f"dialog: {dialog.type} {dialog.message}")
        await dialog.dismiss()

    page.on("dialog", close)
