// @ts-check
/**
 * Writes Vietnamese into fields, from the keys on the screen or from a real keyboard.
 *
 * A field takes part by `data-keys="text"` or `data-vietnamese`. The raw keys of the syllable at the
 * cursor are kept, so that backspace takes back one key, not one letter. When the machine's own
 * input method composes, this one is silent. The way of typing is remembered until the person
 * leaves; readers of another language start without it.
 */
import { compose } from "./vietnamese.js";

const METHODS = /** @type {const} */ (["auto", "telex", "vni", "off"]);
const SLOT = "typing";
const LETTERS = /[\p{L}]+$/u;

/** The syllable being typed. @type {{field: HTMLInputElement, start: number, keys: string[], text: string} | undefined} */
let word;

/** @returns {"auto" | "telex" | "vni" | "off"} */
export function method() {
  const kept = METHODS.find((one) => one === sessionStorage.getItem(SLOT));
  return kept ?? (document.documentElement.lang === "vi" ? "auto" : "off");
}

/** The next way of typing, remembered for this person. */
export function nextMethod() {
  const next = METHODS[(METHODS.indexOf(method()) + 1) % METHODS.length];
  sessionStorage.setItem(SLOT, next);
  word = undefined;
  return next;
}

/**
 * Put text in place of a part of the field and tell everybody who listens.
 * @param {HTMLInputElement} field @param {string} text @param {number} start @param {number} end
 * @returns {boolean} whether there was room
 */
function replace(field, text, start, end) {
  const room = field.maxLength < 0 ? Infinity : field.maxLength - field.value.length + (end - start);
  if (text.length > room) return false;
  field.setRangeText(text, start, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  return true;
}

/** The selection, or the cursor twice. @param {HTMLInputElement} field @returns {[number, number]} */
const range = (field) => [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length];

/** The syllable before the cursor, with the keys it was made of. @param {HTMLInputElement} field */
function current(field) {
  const [start, end] = range(field);
  if (start !== end) return undefined;
  const before = field.value.slice(0, end);
  if (word?.field === field && word.text && before === field.value.slice(0, word.start) + word.text) return word;
  const text = LETTERS.exec(before)?.[0] ?? "";
  // After a digit it is a number with a letter, "12a", not a syllable.
  if (/\d$/.test(before.slice(0, before.length - text.length))) return undefined;
  return { field, start: end - text.length, keys: [...text], text };
}

/** @param {HTMLInputElement} field @param {string} text */
function plain(field, text) {
  word = undefined;
  replace(field, text, ...range(field));
}

/** @param {{field: HTMLInputElement, start: number, keys: string[], text: string}} from @param {string[]} keys */
function write(from, keys) {
  const text = compose(keys, method());
  const end = from.start + from.text.length;
  if (replace(from.field, text, from.start, end)) word = { ...from, keys, text };
}

/** One key of a letter, digit or sign. @param {HTMLInputElement} field @param {string} key */
export function type(field, key) {
  const found = composes(field) ? current(field) : undefined;
  const digit = /^\d$/.test(key);
  if (!found || (digit && !found.keys.length) || !/^[\p{L}\d]$/u.test(key)) plain(field, key);
  else write(found, [...found.keys, key]);
}

/** Take back one key, or the selection. @param {HTMLInputElement} field */
export function erase(field) {
  const [start, end] = range(field);
  const found = composes(field) && word ? current(field) : undefined;
  if (found && found === word) { write(found, found.keys.slice(0, -1)); return; }
  word = undefined;
  replace(field, "", start === end ? Math.max(start - 1, 0) : start, end);
}

/** Change the syllable before the cursor by a rule. @param {HTMLInputElement} field @param {(text: string) => string} change */
export function change(field, change) {
  const [, end] = range(field);
  const text = LETTERS.exec(field.value.slice(0, end))?.[0] ?? "";
  word = undefined;
  if (text) replace(field, change(text), end - text.length, end);
}

/** @param {HTMLInputElement} field */
const composes = (field) =>
  (field.dataset.keys === "text" || field.dataset.vietnamese !== undefined) && method() !== "off";

document.addEventListener("beforeinput", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !composes(field)) return;
  if (event.isComposing || !event.cancelable) { word = undefined; return; }
  if (event.inputType === "insertText" && event.data?.length === 1) {
    event.preventDefault();
    type(field, event.data);
  } else if (event.inputType === "deleteContentBackward" && word && current(field) === word) {
    event.preventDefault();
    erase(field);
  } else word = undefined;
});
