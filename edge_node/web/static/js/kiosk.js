// @ts-check
/**
 * What a kiosk does by itself: give scans to the form, ask "still there?", clear the screen, filter
 * the list while somebody types. A page says what it wants by data attributes of its `main`.
 */
import { send } from "./core.js";
import { forgetAll } from "./draft.js";
import "./keys.js";
import "./live.js";
import "./scan.js";

const WARNING_S = 30;
const LARGE_TEXT_FACTOR = 3;
const TICK_MS = 1000;
const ACTIVITY = ["pointerdown", "keydown", "input", "scroll", "scan"];

/** Seconds until the page asks, the question has gone unanswered, or the screen clears. */
let idle = 0;
/** @type {"off" | "waiting" | "asking" | "clearing"} */
let state = "off";

const page = () => /** @type {HTMLElement} */ (document.getElementById("main"));
const dialog = () => /** @type {HTMLDialogElement | null} */ (document.getElementById("still-there"));

/** Forget this person here and at the station, then show the first screen. */
async function clear() {
  state = "off";
  dialog()?.close();
  forgetAll();
  page().replaceChildren(); // nothing stays in view, even while the node is away
  const form = document.getElementById("reset-form");
  if (form instanceof HTMLFormElement) await send(form);
}

function limit() {
  const { idle: seconds, clear: last } = page().dataset;
  const factor = document.documentElement.classList.contains("large") ? LARGE_TEXT_FACTOR : 1;
  return Number(last ?? seconds ?? 0) * factor;
}

function restart() {
  const data = page().dataset;
  idle = limit();
  state = !idle ? "off" : data.clear ? "clearing" : "waiting";
  dialog()?.close();
}

/** A page without personal data goes home by itself, and only if it is not there already. */
function leaveQuietly() {
  const settings = page().dataset.settings !== undefined;
  if (location.pathname !== "/kiosk" || settings) void clear(); else restart();
}

function ask() {
  if ("quiet" in page().dataset) { leaveQuietly(); return; }
  state = "asking";
  idle = WARNING_S;
  showSeconds("still-seconds", String(idle));
  dialog()?.showModal();
}

/** @param {string} id @param {string} text */
function showSeconds(id, text) {
  const place = document.getElementById(id);
  if (place) place.textContent = text;
}

function showClearing() {
  const note = page().querySelector("[data-clear-words]");
  if (!(note instanceof HTMLElement)) return;
  note.textContent = (note.dataset.clearWords ?? "").replace(/\d+/, String(idle));
}

function tick() {
  if (state === "off") return;
  idle -= 1;
  if (state === "asking") showSeconds("still-seconds", String(Math.max(idle, 0)));
  if (state === "clearing") showClearing();
  if (idle > 0) return;
  if (state === "waiting") ask(); else void clear();
}

function active() {
  if (state === "waiting") idle = limit();
}

/** @param {string} name @param {string} value */
function giveScan(name, value) {
  active();
  if (page().dataset.scan === undefined && location.pathname !== "/kiosk") return;
  const form = document.getElementById("scan-form");
  const field = form?.querySelector("input");
  if (!(form instanceof HTMLFormElement) || !field) return;
  field.name = name;
  field.value = value;
  void send(form).finally(() => { field.value = ""; });
}

/** Plain letters: what search compares. @param {string} text */
const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replaceAll("đ", "d");

/** @param {HTMLInputElement} input */
function filter(input) {
  const list = document.getElementById(input.dataset.filter ?? "");
  if (!list) return;
  const words = fold(input.value).split(/\s+/).filter(Boolean);
  const { shelf = "" } = list.dataset;
  let shown = 0;
  for (const row of list.querySelectorAll("li")) {
    const fits = words.length ? words.every((word) => row.dataset.find?.includes(word)) : row.dataset.category === shelf;
    row.hidden = !fits;
    shown += Number(fits);
  }
  document.querySelectorAll(".shelves [data-shelf]").forEach((link) => {
    if (!words.length && link.getAttribute("data-shelf") === shelf) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  });
  const nothing = document.getElementById("nothing");
  if (nothing) nothing.hidden = shown > 0;
  showSeconds("found", words.length ? `${list.dataset.words} ${shown}` : "");
}

document.addEventListener("page", () => {
  restart();
  document.querySelectorAll("[data-stay]").forEach((button) => { /** @type {HTMLElement} */ (button).hidden = false; });
});
document.addEventListener("scan", (event) => giveScan("text", /** @type {CustomEvent<string>} */ (event).detail));
document.addEventListener("live", (event) => {
  const { topic, data } = /** @type {CustomEvent<{topic: string, data: string}>} */ (event).detail;
  if (topic === "scan" && data) giveScan("scan", data);
});
document.addEventListener("input", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.dataset.filter) filter(event.target);
});
document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("#still-here")) restart();
  if (event.target.closest("#still-done")) void clear();
  if (event.target.closest("[data-stay]")) restart();
});
document.addEventListener("submit", (event) => {
  if (event.target instanceof HTMLFormElement && "reset" in event.target.dataset) forgetAll();
}, true);
document.addEventListener("cancel", restart, true); // Escape in the dialog means "still here"
ACTIVITY.forEach((name) => document.addEventListener(name, active, { capture: true, passive: true }));
setInterval(tick, TICK_MS);
