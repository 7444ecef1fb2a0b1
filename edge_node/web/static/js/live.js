// @ts-check
/**
 * Live events of the node: one stream per visible page.
 *
 * A page asks for a stream by `<body data-live="kiosk">`. Every event is given on as a `live` event
 * of the document ({topic, data}). Elements with an id and `data-refresh="ticket health"` are
 * fetched again (from `data-source`, else this address) when one of their topics changes.
 *
 * The node sends `ping` every 5 s. After 15 s of silence the stream is opened anew; after that the
 * document hears `live-state` and `[data-when-stale]` elements are shown. A hidden page holds no
 * stream: a browser allows six connections only.
 */
import { parse } from "./core.js";

const SILENCE_MS = 15000;
const FIRST_RETRY_MS = 1000;
const RETRY_SPREAD_MS = 4000;
const GATHER_MS = 120;
const RELEASE_LOOK_MS = 30;
const TOPICS = ["ticket", "dossier", "print", "health", "scan", "help", "pay", "booking", "reload", "resync", "ping"];

/** @type {EventSource | undefined} */
let stream;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let watchdog;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let gathering;
let role = "";
let stale = false;
/** @type {Set<string>} */
const changed = new Set();

/** @param {boolean} now */
function markStale(now) {
  document.querySelectorAll("[data-when-stale]").forEach((note) => {
    /** @type {HTMLElement} */ (note).hidden = !now;
  });
  if (now !== stale) document.dispatchEvent(new CustomEvent("live-state", { detail: { stale: now } }));
  stale = now;
}

function listenFor() {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => { markStale(true); reopen(); }, SILENCE_MS);
}

function close() {
  clearTimeout(watchdog);
  stream?.close();
  stream = undefined;
}

function reopen() {
  close();
  if (!role || document.hidden) return;
  watchdog = setTimeout(open, FIRST_RETRY_MS + Math.random() * RETRY_SPREAD_MS);
}

/** @param {string} topic @param {string} data */
function receive(topic, data) {
  if (stale) { markStale(false); void refresh(TOPICS); }
  listenFor();
  if (topic === "ping") return;
  if (topic === "reload") { location.reload(); return; }
  document.dispatchEvent(new CustomEvent("live", { detail: { topic, data } }));
  (topic === "resync" ? TOPICS : [topic]).forEach((name) => changed.add(name));
  gathering ??= setTimeout(() => {
    gathering = undefined;
    const topics = [...changed];
    changed.clear();
    void refresh(topics);
  }, GATHER_MS);
}

function open() {
  close();
  stream = new EventSource(`/live/${role}`);
  for (const topic of TOPICS) {
    stream.addEventListener(topic, (event) => receive(topic, /** @type {MessageEvent} */ (event).data));
  }
  // A refused stream (any status but 200) is closed for good by the browser.
  stream.onerror = () => { if (stream?.readyState === EventSource.CLOSED) reopen(); };
  listenFor();
}

/**
 * Fetch again the parts of the page that show one of these topics.
 * @param {string[]} topics
 */
export async function refresh(topics) {
  const parts = [...document.querySelectorAll("[data-refresh][id]")].filter((part) =>
    topics.some((topic) => part.getAttribute("data-refresh")?.split(" ").includes(topic)));
  const sources = new Set(parts.map((part) => part.getAttribute("data-source") ?? location.href));
  await Promise.all([...sources].map((source) => refreshFrom(source, parts)));
}

/** @param {string} source @param {Element[]} parts */
async function refreshFrom(source, parts) {
  let page;
  try {
    const response = await fetch(source, { credentials: "same-origin", headers: { "X-Refresh": "1" } });
    if (response.status === 423) document.dispatchEvent(new CustomEvent("locked"));
    if (!response.ok) return;
    page = parse(await response.text());
  } catch {
    return; // the watchdog speaks for a node that is away
  }
  await whenReleased();
  for (const part of parts) {
    if ((part.getAttribute("data-source") ?? location.href) !== source || !part.isConnected) continue;
    const fresh = page.getElementById(part.id);
    if (fresh) replace(part, fresh);
  }
  document.dispatchEvent(new CustomEvent("refreshed"));
}

/** A part that is swapped between press and release swallows the click. */
async function whenReleased() {
  while (document.querySelector("button:active, a:active, label:active, summary:active")) {
    await new Promise((resolve) => { setTimeout(resolve, RELEASE_LOOK_MS); });
  }
}

/** Swap one part that has changed, keeping the keyboard where it was. @param {Element} part @param {Element} fresh */
export function replace(part, fresh) {
  if (part.isEqualNode(fresh)) return;
  const focused = part.contains(document.activeElement) ? document.activeElement?.id : "";
  carryOver(part, fresh);
  part.replaceWith(document.adoptNode(fresh));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** What was typed, chosen or unfolded stays. @param {Element} part @param {Element} fresh */
function carryOver(part, fresh) {
  for (const field of part.querySelectorAll("input[id], textarea[id], select[id], details[id]")) {
    const next = /** @type {any} */ (fresh.querySelector(`#${CSS.escape(field.id)}`));
    if (!next || next.tagName !== field.tagName) continue;
    if (field instanceof HTMLDetailsElement) {
      next.open = field.open;
    } else if (field instanceof HTMLInputElement && ["checkbox", "radio"].includes(field.type)) {
      if (field.checked !== field.defaultChecked) next.checked = field.checked;
    } else if (field instanceof HTMLSelectElement) {
      next.value = field.value;
    } else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) {
      if (field.type !== "hidden" && field.value !== field.defaultValue) next.value = field.value;
    }
  }
}

function follow() {
  const wanted = document.body.dataset.live ?? "";
  if (wanted === role && (stream || !wanted)) return;
  role = wanted;
  if (role && !document.hidden) open(); else close();
}

document.addEventListener("page", follow);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { close(); return; }
  if (role) { open(); void refresh(TOPICS); }
});
follow();
