// @ts-check
/**
 * Code scanners that type: the scanner is set to send F9 before and Enter after each code.
 *
 * From the prefix on, keys belong to the scan: none reaches a field or a shortcut. A code that does
 * not end is dropped after a short silence. The document then hears `scan` with the text.
 * Vietnamese letters do not survive a keyboard scanner; the person page asks to confirm the name.
 */
const PREFIX = "F9";
const SILENCE_MS = 1500;
const MAXIMUM_CHARACTERS = 4096;

/** @type {string | undefined} */
let code;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {boolean} complete */
function end(complete) {
  clearTimeout(timer);
  const text = code;
  code = undefined;
  if (complete && text) document.dispatchEvent(new CustomEvent("scan", { detail: text }));
}

function rewind() {
  clearTimeout(timer);
  timer = setTimeout(end, SILENCE_MS, false);
}

document.addEventListener("keydown", (event) => {
  if (event.key === PREFIX) {
    event.preventDefault();
    code = "";
    rewind();
    return;
  }
  if (code === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.key === "Enter") { end(true); return; }
  if (event.key.length === 1 && code.length < MAXIMUM_CHARACTERS) code += event.key;
  rewind();
}, true);
