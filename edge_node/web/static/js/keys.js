// @ts-check
/**
 * Keys on the screen for a kiosk without a keyboard.
 *
 * A field asks for them by `data-keys`: "number", "date", "plain" (search: accents not needed), "code"
 * (capitals, digits, hyphen) or "text" (Vietnamese, with the marks as visible keys). They are real
 * buttons: a finger acts when it lands, a switch or Enter when it presses. They appear with the
 * field and leave with it; a machine without a touch screen never needs them.
 */
import { change, erase as eraseKey, method, nextMethod, type } from "./typing.js";
import { put } from "./vietnamese.js";

const LETTERS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
const DIGITS = "1234567890";
const MARKED = "ăâđêôơư";
const SIGNS = [",", "/", "-"];
const SVG = "http://www.w3.org/2000/svg";
const NUMBERS = [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]];

/** @type {HTMLInputElement | undefined} */
let field;
let upper = false;

/** @param {string} text @param {string} name @param {string} kind @param {() => void} act */
function key(text, name, kind, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `key ${kind}`;
  button.textContent = text;
  if (name) button.setAttribute("aria-label", name);
  if (kind !== "key-go") button.dataset.say = text;
  button.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the field keeps the focus
    if (event.button === 0 && kind !== "key-go") act();
  });
  // Enter, a switch or a screen reader; the click after a touch has done its work already. The key
  // that leaves the page waits for the finger to leave, or it would press what comes after.
  button.addEventListener("click", (event) => { if (event.detail === 0 || kind === "key-go") act(); });
  return button;
}

/** @param {Element[]} keys */
function row(keys) {
  const line = document.createElement("div");
  line.className = "keys-row";
  line.append(...keys);
  return line;
}

/** One key of text. @param {string} text */
function insert(text) {
  if (!field) return;
  type(field, text);
  if (field.dataset.keys === "code") return;
  if (upper && text && text !== " ") setUpper(false);
  if (!field.value || /[ ]$/.test(field.value)) setUpper(field.dataset.keys === "text");
}

function erase() {
  if (!field) return;
  eraseKey(field);
  if (!field.value) setUpper(field.dataset.keys === "text" || field.dataset.keys === "code");
}

/** Put a tone on the syllable before the cursor. @param {number} tone */
function addTone(tone) {
  if (field) change(field, (syllable) => put(syllable, tone));
}

/** The key that says how marks are typed, and changes it. @param {Record<string, string>} words */
function methodKey(words) {
  const button = key("", "", "key-method", () => { nextMethod(); name(); });
  const name = () => {
    const chosen = words[method()];
    button.textContent = chosen;
    button.setAttribute("aria-label", `${words.typing} ${chosen}`);
  };
  delete button.dataset.say;
  name();
  return button;
}

/** @param {boolean} now */
function setUpper(now) {
  upper = now;
  document.querySelectorAll(".key-letter").forEach((button) => {
    const text = button.textContent ?? "";
    button.textContent = now ? text.toUpperCase() : text.toLowerCase();
  });
  document.querySelector(".key-shift")?.setAttribute("aria-pressed", String(now));
}

/** @param {string} letter */
const letterKey = (letter) => {
  const button = key(letter, "", "key-letter", () => insert(button.textContent ?? ""));
  return button;
};

/** Move to the next field that asks for keys, or send the form. */
function goOn() {
  const fields = [...(field?.form?.querySelectorAll("input[data-keys]") ?? [])];
  const next = fields[fields.indexOf(/** @type {HTMLInputElement} */ (field)) + 1];
  if (next instanceof HTMLInputElement) next.focus(); else field?.form?.requestSubmit();
}

/** @param {Record<string, string>} words */
const goKey = (words) => key(field?.type === "search" ? words.find : words.go, "", "key-go", goOn);

/** @param {Element[]} rows */
function letters(rows) {
  const block = document.createElement("div");
  block.className = "keys-letters";
  block.append(...rows);
  return block;
}

/** @param {Record<string, string>} words @param {boolean} date */
function numberPad(words, date) {
  const rows = NUMBERS.map((digits) => row(digits.map((digit) => key(digit, "", "", () => insert(digit)))));
  const left = date ? key("/", "", "key-mark", () => insert("/")) : key(words.clear, "", "key-mark", () => {
    if (field) { field.select(); eraseKey(field); }
  });
  rows.push(row([left, key("0", "", "", () => insert("0")), eraseButton(words, "key-mark")]));
  rows.push(row([goKey(words)]));
  return [letters(rows)];
}

/** @param {Record<string, string>} words */
function markBlock(words) {
  const block = document.createElement("div");
  block.className = "keys-marks";
  const tones = words.tones.split(",").map((name, at) => {
    const button = key(put("a", at + 1), name, "key-mark key-tone", () => addTone(at + 1));
    const label = document.createElement("small");
    label.textContent = name;
    button.append(label);
    return button;
  });
  block.append(...[...MARKED].map(letterKey), ...SIGNS.map((sign) => key(sign, "", "", () => insert(sign))), ...tones);
  return block;
}

/** A key with a picture of the page's icons. @param {string} icon @param {Record<string, string>} words @param {string} name @param {string} kind @param {() => void} act */
function pictureKey(icon, words, name, kind, act) {
  const button = key("", name, kind, act);
  delete button.dataset.say;
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "i");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${words.icons}#${icon}`);
  picture.append(use);
  button.append(picture);
  return button;
}

/** @param {Record<string, string>} words @param {string} kind */
const eraseButton = (words, kind) => pictureKey("backspace", words, words.erase, kind, erase);

/** @param {Record<string, string>} words @param {boolean} marks @param {boolean} code */
function letterBoard(words, marks, code) {
  const rows = [row([...DIGITS].map((digit) => key(digit, "", "", () => insert(digit))))];
  rows.push(...LETTERS.slice(0, 2).map((line) => row([...line].map(letterKey))));
  const shift = pictureKey("shift", words, words.shift, "key-wide key-shift", () => setUpper(!upper));
  shift.setAttribute("aria-pressed", "false");
  rows.push(row([...(marks ? [shift] : []), ...[...LETTERS[2]].map(letterKey), eraseButton(words, "key-wide key-mark")]));
  const wide = code ? key("-", "", "key-space", () => insert("-")) : key(words.space, "", "key-space", () => insert(" "));
  rows.push(row([...(marks ? [methodKey(words)] : []), wide, goKey(words)]));
  return [letters(rows), ...(marks ? [markBlock(words)] : [])];
}

/** @param {HTMLInputElement} wanted */
function show(wanted) {
  if (field === wanted && document.getElementById("keys")) return;
  hide();
  field = wanted;
  const kind = wanted.dataset.keys ?? "";
  const words = /** @type {Record<string, string>} */ ({ ...document.getElementById("key-words")?.dataset });
  const board = document.createElement("div");
  board.id = "keys";
  const numeric = kind === "number" || kind === "date";
  board.className = numeric ? "keys keys-number" : "keys";
  board.setAttribute("role", "region");
  board.setAttribute("aria-label", words.label);
  board.append(...(numeric ? numberPad(words, kind === "date") : letterBoard(words, kind === "text", kind === "code")));
  document.getElementById("main")?.after(board);
  setUpper(kind === "code" || (kind === "text" && !wanted.value));
  wanted.closest(".field, form")?.scrollIntoView({ block: "nearest" });
  wanted.scrollIntoView({ block: "nearest" });
}

function hide() {
  document.getElementById("keys")?.remove();
  field = undefined;
}

/** Whether this machine is worked by touch; a phone brings its own keyboard. */
const touched = () => matchMedia("(any-pointer: coarse) and (min-width: 900px)").matches;

document.addEventListener("focusin", (event) => {
  const target = event.target;
  if (!(target instanceof HTMLElement) || target.closest("#keys")) return;
  if (target instanceof HTMLInputElement && target.dataset.keys && touched()) show(target);
});

document.addEventListener("page", () => {
  hide();
  if (!touched()) return;
  // The machine's own keyboard would cover the page.
  document.querySelectorAll("input[data-keys]").forEach((input) => input.setAttribute("inputmode", "none"));
  const first = document.querySelector("input[data-keys]:not([type=search])");
  if (first instanceof HTMLInputElement && !document.querySelector("[data-focus]")) first.focus();
});
