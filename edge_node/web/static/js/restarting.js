// @ts-check
/** Goes on to the page that was asked for as soon as the node answers for it. */
const PAUSE_MS = 1500;
const TIMEOUT_MS = 4000;

async function look() {
  try {
    const answer = await fetch("/restarting", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (answer.ok && answer.headers.has("X-Request-Id")) {
      location.replace(location.href);
      return;
    }
  } catch {
    // Still away.
  }
  setTimeout(look, PAUSE_MS);
}

// Under its own address it stands for no other page.
if (location.pathname !== "/restarting") setTimeout(look, PAUSE_MS);
