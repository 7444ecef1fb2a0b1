// @ts-check
/**
 * The counter's keyboard and small helps. Everything else is plain links and forms.
 *
 * A control with `data-key="F9"` is pressed by that key wherever the focus is; "/" only outside
 * fields. Ticking a paper redraws the decision panel from the node, without moving the focus.
 */
import { parse } from "./core.js";
import { refresh } from "./live.js";

const TICK_MS = 20000;

/** @param {EventTarget | null} target @returns {boolean} */
const isField = (target) => target instanceof HTMLTextAreaElement
  || (target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type));

/** @param {KeyboardEvent} event @returns {HTMLElement | null} the control this key stands for */
function controlOf(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return null;
  if (event.key === "/" && isField(event.target)) return null;
  if (event.key === "Escape" && document.querySelector(":popover-open")) return null;
  return document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
}

document.addEventListener("keydown", (event) => {
  const control = controlOf(event);
  if (!control) return;
  event.preventDefault();
  if (control instanceof HTMLInputElement) { control.focus(); control.select(); } else control.click();
});

/** One more look at what is outstanding. @param {HTMLFormElement} form */
async function lookAgain(form) {
  const fields = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  fields.set("do", form.dataset.sheet ?? "");
  let page;
  try {
    const response = await fetch(form.dataset.review ?? "", { method: "POST", body: fields });
    if (!response.ok) return;
    page = parse(await response.text());
  } catch {
    return; // the ticks stay; deciding asks the node again
  }
  for (const part of [".decision", "#papers-title"]) {
    const old = form.querySelector(part);
    const fresh = page.querySelector(part);
    if (old && fresh && form.isConnected) old.replaceWith(document.adoptNode(fresh));
  }
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || !box.name.startsWith("paper.")) return;
  if (box.form?.dataset.review) void lookAgain(box.form);
});

// Minutes pass without any event.
setInterval(() => { if (!document.hidden) void refresh(["tick"]); }, TICK_MS);
