// @ts-check
/**
 * How long a page waits for somebody, the question "still there?", and the end of a visit.
 *
 * A page says by attributes of its `main`: `data-idle` seconds until it asks, `data-clear` seconds
 * until it clears without asking (shown), `data-quiet` that it holds nothing personal and leaves by
 * itself, for the address given there. Any touch, key, scan or held document starts the time anew;
 * whoever reads large text or listens gets three times as long. Answering is possible without end.
 */
import { go, send } from "./core.js";
import { forgetPerson } from "./privacy.js";

const WARNING_S = 30;
const SLOW_FACTOR = 3;
const TICK_MS = 1000;
const ACTIVITY = ["pointerdown", "keydown", "input", "scroll", "wheel", "scan", "activity"];

/** Seconds until the page asks, the question has gone unanswered, or the screen clears. */
let idle = 0;
/** @type {"off" | "waiting" | "asking" | "clearing"} */
let state = "off";

const page = () => /** @type {HTMLElement} */ (document.getElementById("main"));
const dialog = () => /** @type {HTMLDialogElement | null} */ (document.getElementById("still-there"));

/** Forget this person here and at the station, then show the first screen. @param {boolean} [away] nobody pressed "done" */
export async function clear(away = false) {
  state = "off";
  dialog()?.close();
  await forgetPerson();
  const form = document.getElementById("reset-form");
  if (!(form instanceof HTMLFormElement)) return;
  const left = form.querySelector("input");
  if (left) left.value = away ? "away" : "";
  await send(form);
}

function limit() {
  const { idle: seconds, clear: last } = page().dataset;
  const { classList } = document.documentElement;
  const slow = classList.contains("large") || classList.contains("aloud");
  return Number(last ?? seconds ?? 0) * (slow ? SLOW_FACTOR : 1);
}

/** Begin the page's time anew. */
export function restart() {
  const data = page().dataset;
  idle = limit();
  state = !idle ? "off" : data.clear ? "clearing" : "waiting";
  dialog()?.close();
}

/** A page without personal data needs no question; settings of the reader end all the same. */
function leaveQuietly() {
  const next = page().dataset.quiet;
  if (next) { state = "off"; void forgetPerson().then(() => go(next, { replace: true })); } else void clear(true);
}

function ask() {
  if (page().dataset.quiet !== undefined) { leaveQuietly(); return; }
  state = "asking";
  idle = WARNING_S;
  say("still-seconds", String(idle));
  dialog()?.showModal();
}

/** @param {string} id @param {string} text */
function say(id, text) {
  const place = document.getElementById(id);
  if (place) place.textContent = text;
}

function sayClearing() {
  const note = page().querySelector("[data-clear-words]");
  if (!(note instanceof HTMLElement)) return;
  note.textContent = (note.dataset.clearWords ?? "").replace(/\d+/, String(idle));
}

function tick() {
  if (state === "off") return;
  idle -= 1;
  if (state === "asking") say("still-seconds", String(Math.max(idle, 0)));
  if (state === "clearing") sayClearing();
  if (idle > 0) return;
  if (state === "waiting") ask(); else void clear(true);
}

function active() {
  if (state === "waiting") idle = limit();
}

document.addEventListener("page", () => {
  restart();
  document.querySelectorAll("[data-stay]").forEach((button) => { /** @type {HTMLElement} */ (button).hidden = false; });
});
document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("#still-here, [data-stay]")) restart();
  if (event.target.closest("#still-done")) void clear();
});
document.addEventListener("submit", (event) => {
  if (!(event.target instanceof HTMLFormElement) || event.target.dataset.reset === undefined) return;
  if (event.target.id === "reset-form") return;
  event.preventDefault();
  void clear();
}, true);
document.addEventListener("cancel", restart, true); // Escape in the dialog means "still here"
ACTIVITY.forEach((name) => document.addEventListener(name, active, { capture: true, passive: true }));
setInterval(tick, TICK_MS);
