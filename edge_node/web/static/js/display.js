// @ts-check
/**
 * The call board: calls one after the other, and no promises when the node does not answer.
 *
 * The node lists the day's last calls in `#calls`. A call that was not announced yet and is young
 * waits its turn: it is shown large with a moving border and, with `?sound=on`, spoken; the next one
 * begins when both are over, so calls never overlap. What was announced is remembered over a reload.
 * The board asks the node every few seconds besides its live events. After 10 s without an answer
 * it adds a line and keeps the numbers; after 5 min the numbers go.
 */
import { refresh } from "./live.js";

const TICK_MS = 4000;
const AWAY_MS = 10000;
const CLEAR_MS = 300000;
const SHOW_MS = 6000;
const SHOW_IN_A_RUSH_MS = 3000;
const RUSH = 3;
const YOUNG_S = 60;
const LONGEST_SOUND_MS = 30000;
const EARLIER = 4;
const REMEMBER = "announced";

/**
 * @typedef {object} Call
 * @property {number} order
 * @property {string} ticket
 * @property {string} counter
 * @property {number} age
 * @property {boolean} last
 */

let answered = performance.now();
let day = "";
let announced = 0;
let busy = false;
/** @type {Map<number, Call>} */
let known = new Map();
/** @type {number[]} */
let pending = [];

/** @param {string} id */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {number} milliseconds @returns {Promise<void>} */
const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

function recall() {
  try {
    const [then, order] = (sessionStorage.getItem(REMEMBER) ?? "").split(":");
    return then === day ? Number(order) : -1;
  } catch { return -1; }
}

/** @param {number} order */
function remember(order) {
  announced = order;
  try { sessionStorage.setItem(REMEMBER, `${day}:${order}`); } catch { /* a board without storage */ }
}

/** @returns {Call[]} newest first */
function listed() {
  return [...part("calls").children].map((one) => {
    const data = /** @type {HTMLElement} */ (one).dataset;
    return {
      order: Number(data.order), ticket: data.ticket ?? "", counter: data.counter ?? "",
      age: Number(data.age), last: data.last === "1",
    };
  });
}

function take() {
  const list = part("calls"), calls = listed();
  known = new Map(calls.map((one) => [one.order, one]));
  if (list.dataset.day !== day) {
    day = list.dataset.day ?? "";
    pending = [];
    // On the first look everything is old, unless this page announced calls before a reload.
    const before = recall();
    announced = before >= 0 ? before : (calls[0]?.order ?? 0);
  }
  const fresh = calls.filter((one) => one.order > announced && !pending.includes(one.order));
  pending = [...pending, ...fresh.filter((one) => one.age < YOUNG_S).map((one) => one.order)]
    .filter((order) => known.has(order)).sort((one, other) => one - other);
  if (pending.length && !busy) void announceAll();
  else if (!busy) show(calls[0], false);
}

/** @param {Call | undefined} call @param {boolean} fresh */
function show(call, fresh) {
  const quiet = !call || (part("calls").hasAttribute("data-quiet") && !fresh);
  part("says").hidden = quiet;
  part("quiet").hidden = !quiet;
  const panel = part("now");
  panel.classList.remove("fresh");
  if (fresh) { void panel.offsetWidth; panel.classList.add("fresh"); } // begins the border anew
  if (!call) return;
  if (part("ticket").textContent !== call.ticket) part("ticket").textContent = call.ticket;
  if (part("counter").textContent !== call.counter) part("counter").textContent = call.counter;
  const rows = [...known.values()].filter((one) => quiet || one.order < call.order)
    .sort((one, other) => other.order - one.order).slice(0, EARLIER);
  part("earlier").replaceChildren(...rows.map(row));
  for (const id of ["earlier", "earlier-title"]) part(id).hidden = !rows.length;
  part("tip").hidden = rows.length > 0;
}

/** @param {Call} call */
function row(call) {
  const template = /** @type {HTMLTemplateElement} */ (part("row"));
  const made = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  /** @type {Element} */ (made.querySelector("b")).textContent = call.ticket;
  /** @type {Element} */ (made.querySelector("em")).textContent = call.counter;
  return made;
}

async function announceAll() {
  busy = true;
  while (pending.length) {
    const call = known.get(/** @type {number} */ (pending.shift()));
    if (!call) continue;
    show(call, true);
    remember(call.order);
    await Promise.all([pause(pending.length < RUSH ? SHOW_MS : SHOW_IN_A_RUSH_MS), speak(call)]);
  }
  busy = false;
  show(listed()[0], false);
}

/** Chime and voice of one call; resolves when it is over. @param {Call} call */
async function speak(call) {
  const volume = Number(part("calls").dataset.volume ?? 0) / 100;
  if (document.body.dataset.sound !== "on") return;
  part("muted").hidden = volume > 0;
  if (!volume) return;
  const last = call.last ? "?last=1" : "";
  const audio = new Audio(`/display/voice/${call.ticket}/${encodeURIComponent(call.counter)}.wav${last}`);
  audio.volume = volume;
  const over = new Promise((done) => {
    for (const name of ["ended", "error"]) audio.addEventListener(name, done);
  });
  document.dispatchEvent(new CustomEvent("speaking", { detail: { ticket: call.ticket, now: true } }));
  try {
    await audio.play();
    await Promise.race([over, pause(LONGEST_SOUND_MS)]);
  } catch {
    part("muted").hidden = false; // the browser does not let pages speak by themselves
  }
  audio.pause();
  document.dispatchEvent(new CustomEvent("speaking", { detail: { ticket: call.ticket, now: false } }));
}

function watch() {
  const silent = performance.now() - answered;
  part("away").hidden = silent < AWAY_MS;
  document.getElementById("main")?.classList.toggle("cleared", silent > CLEAR_MS);
}

document.addEventListener("refreshed", () => { answered = performance.now(); take(); watch(); });
document.addEventListener("page", () => { answered = performance.now(); take(); });
take();
setInterval(() => { watch(); void refresh(["tick"]); }, TICK_MS);
