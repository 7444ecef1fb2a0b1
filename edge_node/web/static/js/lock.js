// @ts-check
/**
 * The counter's lock. The desk is taken out of the page while it is locked, so that nobody reads or
 * types anything, and put back as it was when somebody opens the screen: the same officer, or a
 * colleague who goes on. The node locks the session by itself, too; this page only follows.
 */
import { parse, send } from "./core.js";
import { forgetAll } from "./draft.js";
import { refresh } from "./live.js";

const AWAKE_EVERY_MS = 60000;
const LOOK_EVERY_MS = 5000;
const ALL = ["ticket", "dossier", "print", "health", "help", "pay", "tick"];

/** @type {{parts: Element[], title: string, address: string} | undefined} */
let kept;
let moved = performance.now();
let told = performance.now();

/** @param {Document} page @returns {Element | null} */
const doorOf = (page) => page.querySelector("main.gate");

/** Everything of the desk, dialogs too. */
const deskParts = () => [...document.querySelectorAll(".desk, .pop")];

/** Behind the link that skips to the content. @param {Node[]} parts */
function place(parts) {
  const skip = document.querySelector("body > .skip");
  if (skip) skip.after(...parts); else document.body.prepend(...parts);
}

/** @param {Element} door */
function showDoor(door) {
  const shown = doorOf(document);
  const node = document.adoptNode(door);
  if (shown) shown.replaceWith(node); else place([node]);
  /** @type {HTMLElement | null} */ (document.querySelector("main.gate [data-focus]"))?.focus();
  document.dispatchEvent(new CustomEvent("page"));
}

async function lock() {
  if (kept || !document.querySelector(".desk")) return;
  const address = location.pathname + location.search;
  kept = { parts: deskParts(), title: document.title, address };
  for (const part of kept.parts) part.remove();
  try {
    const response = await fetch("/counter/lock", {
      method: "POST", body: new URLSearchParams({ back: location.pathname }),
    });
    const page = parse(await response.text());
    const door = doorOf(page);
    if (!door) throw new Error("no door");
    document.title = page.title;
    showDoor(door);
  } catch {
    location.assign("/counter/locked"); // the node is away: its page says so when it is back
  }
}

async function open() {
  if (!kept) return;
  const { parts, title } = kept;
  kept = undefined;
  doorOf(document)?.remove();
  place(parts);
  document.title = title;
  moved = performance.now();
  await renew();
}

/** The bar may name another officer now. */
async function renew() {
  try {
    const page = parse(await (await fetch(location.href)).text());
    for (const part of ["#me-button", "#me", ".top nav"]) {
      const fresh = page.querySelector(part);
      const shown = document.querySelector(part);
      if (!fresh || !shown || shown.isEqualNode(fresh)) continue;
      // Only what is in it: a menu that was opened meanwhile stays open.
      shown.replaceChildren(...fresh.childNodes);
      const name = fresh.getAttribute("aria-label");
      if (name) shown.setAttribute("aria-label", name);
    }
  } catch {
    // the next refresh will tell
  }
  void refresh(ALL);
}

/** @param {HTMLFormElement} form */
async function knock(form) {
  let response;
  try {
    response = await fetch(form.action, { method: "POST", body: new URLSearchParams(/** @type {any} */ (new FormData(form))) });
  } catch {
    await send(form);
    return;
  }
  const page = parse(await response.text());
  const door = doorOf(page);
  if (!door) { await open(); return; }
  if (response.redirected && !door.hasAttribute("data-locked")) { location.assign(response.url); return; }
  showDoor(door);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  const path = form.getAttribute("action");
  if (path === "/counter/sign-out") { forgetAll(); kept = undefined; return; }
  const act = path === "/counter/lock" ? lock : kept && path === "/counter/locked" ? () => knock(form) : undefined;
  if (!act) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  void act();
}, true);

document.addEventListener("locked", () => void lock());
document.addEventListener("opened", () => void open());

for (const kind of ["keydown", "pointerdown", "wheel"]) {
  addEventListener(kind, () => { moved = performance.now(); }, { passive: true, capture: true });
}

setInterval(() => {
  const limit = Number(document.body.dataset.idle ?? 0) * 1000;
  if (!limit || kept || !document.querySelector(".desk")) return;
  const now = performance.now();
  if (now - moved >= limit) { void lock(); return; }
  if (moved > told && now - told >= AWAKE_EVERY_MS) {
    told = now;
    void fetch("/counter/awake", { method: "POST" }).catch(() => undefined);
  }
}, LOOK_EVERY_MS);
