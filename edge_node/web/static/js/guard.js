// @ts-check
/**
 * Keeps a visitor inside the kiosk, and shows at once that a touch has landed.
 *
 * Without this module every page still works: it only takes away what the browser would offer
 * besides it (menus, dragging, dropping files, zooming, printing, new windows, its own shortcuts).
 */
const EDITING = "input, textarea";
const PRESSABLE = "a[href], button, label.choice, summary";
/** Keys with Ctrl that help in a field and lead nowhere else. */
const HARMLESS = new Set(["a", "c", "v", "x", "z"]);
const FUNCTION_KEY = /^F\d{1,2}$/;
/** Keys of browsers and keyboards that open something. */
const LEADING_OUT = /^(Browser|Launch|Media|ContextMenu|Print|Help|Find|Open|Save|New|Close|ZoomToggle|Info|Guide)/;

/** @param {Event} event */
const refuse = (event) => event.preventDefault();
["contextmenu", "dragstart", "dragenter", "dragover", "drop", "gesturestart", "gesturechange", "auxclick"]
  .forEach((name) => document.addEventListener(name, refuse, { capture: true }));

document.addEventListener("selectstart", (event) => {
  const node = event.target;
  const at = node instanceof Element ? node : node instanceof Node ? node.parentElement : null;
  if (!at?.closest(EDITING)) event.preventDefault();
});

document.addEventListener("wheel", (event) => { if (event.ctrlKey) event.preventDefault(); }, { passive: false });
document.addEventListener("touchmove", (event) => { if (event.touches.length > 1) event.preventDefault(); }, { passive: false });

/** @param {KeyboardEvent} event */
function leadsOut(event) {
  const { key } = event;
  if (event.ctrlKey || event.metaKey) {
    const inField = event.target instanceof Element && event.target.closest(EDITING);
    return !(inField && !event.altKey && !event.shiftKey && HARMLESS.has(key.toLowerCase()));
  }
  if (event.altKey && !event.getModifierState("AltGraph")) return true;
  return FUNCTION_KEY.test(key) || LEADING_OUT.test(key);
}

document.addEventListener("keydown", (event) => { if (leadsOut(event)) event.preventDefault(); }, true);

// A click with a key held opens windows or downloads; here it is a click.
document.addEventListener("click", (event) => {
  if (!(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

window.print = () => {};

/** @type {Element | null} */
let pressed = null;

function release() {
  pressed?.classList.remove("pressed");
  pressed = null;
}

document.addEventListener("pointerdown", (event) => {
  release();
  pressed = event.target instanceof Element ? event.target.closest(PRESSABLE) : null;
  pressed?.classList.add("pressed");
}, { capture: true, passive: true });
["pointerup", "pointercancel", "dragend", "page"].forEach((name) =>
  document.addEventListener(name, release, { capture: true, passive: true }));
