// @ts-check
/**
 * The whole kiosk by a keypad or one switch: digits choose, + and − walk, Enter presses, Esc goes back.
 *
 * Digits press the first nine things of a list marked `data-numbered` (its value: how many come
 * before) or the rows of a question. Numbers are shown from the first key on. A field keeps its
 * own keys.
 */
const STEPS = /** @type {Record<string, number>} */ ({ "+": 1, "-": -1, ArrowDown: 1, ArrowUp: -1 });
const REACHABLE = "a[href], button, input, select, textarea, [tabindex='0']";
const EDITING = "input:not([type=radio], [type=checkbox]), textarea, select";

const scope = () => document.querySelector("dialog[open]") ?? document.body;

/** @param {Element | null} part @returns {part is HTMLElement} */
const usable = (part) => part instanceof HTMLElement && part.checkVisibility() && !part.matches(":disabled, .skip");

/** The things a digit may choose, in their order. @returns {HTMLElement[]} */
function numbered() {
  /** @type {HTMLElement[]} */
  const found = [];
  document.querySelectorAll("main .choices, main [data-numbered]").forEach((list) => {
    const before = Number(list.getAttribute("data-numbered") || found.length);
    const parts = [...list.querySelectorAll(".choice, li > a, li > button")].filter(usable);
    parts.forEach((part, at) => { found[before + at] = /** @type {HTMLElement} */ (part); });
  });
  return found;
}

function showNumbers() {
  document.documentElement.classList.add("keypad");
  document.querySelectorAll("[data-number]").forEach((part) => part.removeAttribute("data-number"));
  numbered().forEach((part, at) => {
    if (at < 9) part.dataset.number = String(at + 1);
  });
}

/** @param {number} number */
function choose(number) {
  const part = numbered()[number - 1];
  if (!part) return false;
  const box = part.querySelector("input");
  if (box) { box.focus(); box.click(); } else { part.focus(); part.click(); }
  return true;
}

/** @param {number} step */
function walk(step) {
  const parts = [...scope().querySelectorAll(REACHABLE)].filter(usable)
    .filter((part) => !(part instanceof HTMLInputElement && part.type === "hidden"));
  const here = parts.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : parts.length - 1) : (here + step + parts.length) % parts.length;
  parts[next]?.focus();
}

/** @param {KeyboardEvent} event @returns {boolean} whether the key was ours */
function press(event) {
  const at = event.target instanceof Element ? event.target : document.body;
  if (at.closest(EDITING) || event.ctrlKey || event.altKey || event.metaKey) return false;
  const step = STEPS[event.key];
  if (step && !(event.key.startsWith("Arrow") && at.matches("[type=radio]"))) { walk(step); return true; }
  if (/^[1-9]$/.test(event.key) && !document.querySelector("dialog[open]")) return choose(Number(event.key));
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return false;
  const back = document.querySelector(".back");
  if (back instanceof HTMLElement) back.click();
  return back !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  showNumbers();
  if (press(event)) event.preventDefault();
});
/** Other things are in view, or fewer. */
const renumber = () => {
  if (document.documentElement.classList.contains("keypad")) showNumbers();
};
document.addEventListener("page", renumber);
document.addEventListener("input", () => queueMicrotask(renumber));
document.addEventListener("forget", () => document.documentElement.classList.remove("keypad"));
