// @ts-check
/**
 * Code scanners that type: the scanner is set to send a key before and Enter after each code.
 *
 * The key is the station's setting `desk.scanner_prefix` (F8 unless set) and comes with the page.
 * From it on, keys belong to the scan: none reaches a field or a shortcut, none that a code may
 * hold (Tab, function keys, keys with Ctrl) does anything. A code that does not end, or is longer
 * than any of ours, is dropped. The document then hears `scan` with the text.
 * Vietnamese letters do not survive a keyboard scanner; the person page asks to confirm the name.
 */
const DEFAULT_PREFIX = "F8";
const SILENCE_MS = 1500;
const MAXIMUM_CHARACTERS = 4096;

/** Characters that no code of ours holds: controls, and marks that turn text around. */
const HOSTILE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** @type {string | undefined} */
let code;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {boolean} complete */
function end(complete) {
  clearTimeout(timer);
  const text = code ?? "";
  code = undefined;
  if (complete) giveScan(text);
}

/** Tell the page that a code was read, whoever read it. @param {string} read */
export function giveScan(read) {
  const text = read.replace(HOSTILE, "");
  if (text) document.dispatchEvent(new CustomEvent("scan", { detail: text }));
}

function rewind() {
  clearTimeout(timer);
  timer = setTimeout(end, SILENCE_MS, false);
}

document.addEventListener("keydown", (event) => {
  if (event.key === (document.body.dataset.scanPrefix ?? DEFAULT_PREFIX)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    code = "";
    rewind();
    return;
  }
  if (code === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.key === "Enter") { end(code.length < MAXIMUM_CHARACTERS); return; }
  if (event.key.length === 1 && code.length < MAXIMUM_CHARACTERS && !event.ctrlKey && !event.metaKey) code += event.key;
  rewind();
}, true);
