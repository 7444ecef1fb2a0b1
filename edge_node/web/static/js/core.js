// @ts-check
/**
 * Navigation that never leaves a good page for a dead node.
 *
 * Links and forms are fetched; the answer replaces the body. While the node is away the page stays,
 * a panel explains, and the request is repeated: safe, because every form carries an idempotency
 * key. A reply that arrives after the reader has gone elsewhere is dropped. Without this script
 * links and forms still work the plain way.
 *
 * Other modules hear `page` on the document each time a page has been put in place.
 */
import { forget, keep, renew, restore } from "./draft.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
const ANSWER_TIMEOUT_MS = 8000;
const LATE_MS = 30000;
const AWAY = new Set([502, 503, 504]);

const WORKER = "/service-worker.js";
const rules = {
  createHTML: (/** @type {string} */ text) => text,
  createScriptURL: () => WORKER, // the only script that is ever started by name
};
/** @type {{createHTML(text: string): any, createScriptURL(text: string): any}} */
const trusted = /** @type {any} */ (window).trustedTypes?.createPolicy("page", rules) ?? rules;

/** The visit under way; starting another one ends it. */
let visit = new AbortController();

/** @param {string} text @returns {Document} */
export const parse = (text) => new DOMParser().parseFromString(trusted.createHTML(text), "text/html");

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const now = () => { clearTimeout(timer); resolve(); };
    signal.addEventListener("abort", now, { once: true });
    addEventListener("online", now, { once: true });
  });
}

/** @param {boolean} shown @param {boolean} late */
function showHold(shown, late) {
  const hold = document.getElementById("hold");
  const text = document.getElementById("hold-late");
  if (hold) hold.hidden = !shown;
  if (text) text.hidden = !late;
}

/**
 * One attempt; undefined means the node is away. A page that the node itself made carries a
 * request id, so its own refusals are shown and not repeated.
 * @param {string} url @param {RequestInit} init @param {AbortSignal} signal
 * @returns {Promise<{response: Response, text: string} | undefined>}
 */
async function attempt(url, init, signal) {
  const limit = new AbortController();
  const stop = () => limit.abort();
  const timer = setTimeout(stop, ANSWER_TIMEOUT_MS);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const response = await fetch(url, { ...init, signal: limit.signal, credentials: "same-origin" });
    if (AWAY.has(response.status) && !response.headers.has("X-Request-Id")) return undefined;
    return { response, text: await response.text() };
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Fetch a page, holding while the node is away. Undefined when the reader has moved on.
 * @param {string} url @param {RequestInit} init @param {AbortSignal} signal
 */
async function hold(url, init, signal) {
  const started = performance.now();
  for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(wait * 1.6, LONGEST_WAIT_MS)) {
    const answer = await attempt(url, init, signal);
    if (signal.aborted) return undefined;
    if (answer) { showHold(false, false); return answer; }
    showHold(true, performance.now() - started > LATE_MS);
    await pause(wait, signal);
  }
  return undefined;
}

/** @param {Document} next @returns {boolean} whether the new page can live in this document */
function fits(next) {
  return next.documentElement.dataset.release === document.documentElement.dataset.release
    && next.body.dataset.area === document.body.dataset.area;
}

/** A page may bring a style sheet of its own; it stays. @param {Document} next */
function bringStyles(next) {
  for (const sheet of next.head.querySelectorAll("link[rel=stylesheet]")) {
    const known = document.head.querySelector(`link[href="${sheet.getAttribute("href")}"]`);
    if (!known) document.head.append(document.adoptNode(sheet));
  }
}

/** @param {Document} next */
function show(next) {
  bringStyles(next);
  document.title = next.title;
  document.documentElement.lang = next.documentElement.lang;
  document.documentElement.className = next.documentElement.className;
  document.body.replaceWith(document.adoptNode(next.body));
  scrollTo(0, 0);
  arrived();
}

function arrived() {
  document.querySelectorAll("form[data-draft]").forEach((form) =>
    restore(/** @type {HTMLFormElement} */ (form)));
  document.dispatchEvent(new CustomEvent("page"));
}

function focusStart() {
  if (document.activeElement instanceof HTMLInputElement) return; // a module has already chosen
  const target = document.querySelector("[data-focus]") ?? document.querySelector("main h1[tabindex]")
    ?? document.getElementById("main");
  /** @type {HTMLElement | null} */ (target)?.focus({ preventScroll: !target?.hasAttribute("data-focus") });
}

/** @param {string} url @param {boolean} replace */
function remember(url, replace) {
  const shown = new URL(url, location.href).href;
  if (replace || document.body.dataset.history === "replace" || shown === location.href) {
    history.replaceState({}, "", shown);
  } else {
    history.pushState({}, "", shown);
  }
}

/**
 * Go to a page. Answers whether the request was accepted (a redirect or a good status).
 * @param {string} url
 * @param {{body?: URLSearchParams | FormData, form?: HTMLFormElement, replace?: boolean}} [options] `form` is the body's
 * @returns {Promise<boolean>}
 */
export async function go(url, { body, form, replace = false } = {}) {
  visit.abort();
  visit = new AbortController();
  const { signal } = visit;
  const init = body ? { method: "POST", body } : {};
  const answer = await hold(url, init, signal);
  if (!answer) return false;
  const { response, text } = answer;
  if (form && response.ok) renew(form);
  const html = response.headers.get("Content-Type")?.startsWith("text/html");
  const next = html ? parse(text) : undefined;
  if (!next || !fits(next)) {
    location.replace(response.redirected || !body ? response.url : location.href);
    return response.ok;
  }
  show(next);
  if (!body || response.redirected) remember(response.url, replace);
  focusStart();
  return response.ok;
}

/**
 * Send a form the way a tap on its button would.
 * @param {HTMLFormElement} form @param {HTMLElement | null} [submitter]
 */
export async function send(form, submitter = null) {
  if (form.dataset.busy) return;
  const data = new FormData(form, submitter);
  const fields = new URLSearchParams(/** @type {any} */ (data));
  const action = submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? location.pathname;
  if (form.method !== "post") { await go(`${action}?${fields}`); return; }
  keep(form);
  form.dataset.busy = "yes";
  submitter?.setAttribute("aria-busy", "true");
  try {
    const body = form.enctype === "multipart/form-data" ? data : fields; // a file travels as it is
    if (await go(action, { body, form })) forget(form);
  } finally {
    delete form.dataset.busy;
    submitter?.removeAttribute("aria-busy");
  }
}

/** @param {MouseEvent} event @param {HTMLAnchorElement} link */
function isPlain(event, link) {
  return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey
    && !link.target && !link.hasAttribute("download") && link.origin === location.origin;
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || !(event.target instanceof Element)) return;
  const link = event.target.closest("a[href]");
  if (!(link instanceof HTMLAnchorElement) || !isPlain(event, link)) return;
  event.preventDefault();
  const href = link.getAttribute("href") ?? "";
  if (href.startsWith("#")) {
    const target = document.getElementById(href.slice(1));
    target?.scrollIntoView({ block: "center" });
    target?.focus({ preventScroll: true });
    return;
  }
  void go(link.href);
});

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !(event.target instanceof HTMLFormElement)) return;
  event.preventDefault();
  void send(event.target, event.submitter);
});

document.addEventListener("input", (event) => {
  const form = event.target instanceof Element ? event.target.closest("form[data-draft]") : null;
  if (form instanceof HTMLFormElement) keep(form);
});

addEventListener("popstate", () => { void go(location.href, { replace: true }); });

let lookedForUpdate = false;

/** Keep the page for hard loads while the node is away; only a secure origin has this. */
export async function keepRestartPage() {
  const workers = navigator.serviceWorker;
  try {
    // A visitor who leaves takes the worker along (Clear-Site-Data); it comes back with the next page.
    if (!workers || (lookedForUpdate && await workers.getRegistration())) return;
    lookedForUpdate = true;
    await workers.register(trusted.createScriptURL(WORKER));
  } catch {
    // Without it a hard load shows the browser's own page; everything else is as before.
  }
}

addEventListener("pageshow", (event) => {
  // Out of the browser's own memory of pages: it may be the one before the last visitor left.
  if (event.persisted) location.reload();
});

// Modules of a screen load after this one; they must be listening before the first `page`.
addEventListener("DOMContentLoaded", arrived, { once: true });
