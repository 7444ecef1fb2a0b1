// @ts-check
/**
 * How old the technician's page is, said every second. After 15 s without a fresh examination the
 * page turns grey and says so: an old "all well" is worse than none.
 */
import { refresh } from "./live.js";

const TICK_MS = 5000;
const STALE_S = 15;

let arrived = performance.now();

function show() {
  const note = document.getElementById("fresh");
  const text = note?.querySelector("small");
  const head = note?.querySelector("b span");
  if (!note || !text || !head) return;
  const seconds = Math.floor((performance.now() - arrived + Number(note.dataset.ageMs)) / 1000);
  note.dataset.watching ??= head.textContent ?? "";
  const stale = seconds >= STALE_S;
  document.body.classList.toggle("stopped", stale);
  head.textContent = stale ? note.dataset.stopped ?? "" : note.dataset.watching;
  if (seconds < 2) text.textContent = note.dataset.now ?? "";
  else if (seconds < 120) text.textContent = (note.dataset.ago ?? "").replace("{seconds}", String(seconds));
  else text.textContent = (note.dataset.minutes ?? "").replace("{minutes}", String(Math.floor(seconds / 60)));
}

const fresh = () => { arrived = performance.now(); show(); };
document.addEventListener("refreshed", fresh);
document.addEventListener("page", fresh);
show();
setInterval(show, 1000);
setInterval(() => { if (!document.hidden) void refresh(["tick"]); }, TICK_MS);
