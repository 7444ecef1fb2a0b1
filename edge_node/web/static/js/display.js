// @ts-check
/**
 * The call board: marks a new call, and stops promising numbers when the node does not answer.
 *
 * The board asks the node every few seconds besides its live events. After 10 s without an answer
 * it adds a line and keeps the numbers; after 5 min the numbers go. A chime sounds only when the
 * address says `?sound=on`.
 */
import { refresh } from "./live.js";

const TICK_MS = 4000;
const AWAY_MS = 10000;
const CLEAR_MS = 300000;
const FRESH_MS = 6000;

let answered = performance.now();
/** @type {Set<string>} */
let known = new Set();

const calls = () => [...document.querySelectorAll("[data-call]")];
const callIds = () => new Set(calls().map((one) => one.getAttribute("data-call") ?? ""));

/** Two soft notes, made on the spot: no sound file, no service. */
function chime() {
  const audio = new AudioContext();
  [[659, 0], [523, 0.35]].forEach(([frequency, start]) => {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.25, audio.currentTime + start);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + start + 0.9);
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + start);
    tone.stop(audio.currentTime + start + 1);
  });
  setTimeout(() => { void audio.close(); }, 2000);
}

/** @type {Map<string, number>} call → when it was first seen */
const seen = new Map();

function mark() {
  const fresh = [...callIds()].filter((id) => !known.has(id));
  fresh.forEach((id) => seen.set(id, performance.now()));
  if (fresh.length && document.body.dataset.sound === "on") chime();
  known = callIds();
  paint();
}

function paint() {
  for (const one of calls()) {
    const since = seen.get(one.getAttribute("data-call") ?? "");
    one.classList.toggle("fresh", since !== undefined && performance.now() - since < FRESH_MS);
  }
}

function watch() {
  const silent = performance.now() - answered;
  const away = document.getElementById("away");
  if (away) away.hidden = silent < AWAY_MS;
  document.getElementById("main")?.classList.toggle("cleared", silent > CLEAR_MS);
  paint();
}

document.addEventListener("refreshed", () => { answered = performance.now(); mark(); watch(); });
document.addEventListener("page", () => { answered = performance.now(); known = callIds(); });
known = callIds();
setInterval(() => { watch(); void refresh(["tick"]); }, TICK_MS);
