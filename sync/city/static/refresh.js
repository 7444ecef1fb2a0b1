// Puts the newest figures in place without losing the reader's place; without it the page is whole.
const INTERVAL_MS = 15_000;
const TIMEOUT_MS = 10_000;

async function refresh() {
  const stale = document.getElementById("stale");
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const old = document.getElementById("overview");
    const scrolled = old.querySelector(".scroll")?.scrollLeft ?? 0;
    const focused = old.querySelector(".scroll") === document.activeElement;
    old.replaceChildren(...fresh.getElementById("overview").childNodes);
    const table = old.querySelector(".scroll");
    if (table) {
      table.scrollLeft = scrolled;
      if (focused) table.focus({ preventScroll: true });
    }
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
  setTimeout(refresh, INTERVAL_MS);
}

setTimeout(refresh, INTERVAL_MS);
