// @ts-check
/**
 * The counter's keyboard and small helps. Everything else is plain links and forms.
 *
 * A control with `data-key="F9"` is pressed by that key wherever the focus is; "/" and the paging
 * keys only outside fields. Ticking a paper redraws the decision panel from the node, without
 * moving the focus. A scanned code opens its dossier. Up and down walk through the rows of a list.
 */
import { go, keepRestartPage, parse } from "./core.js";
import { refresh, replace } from "./live.js";
import { giveScan } from "./scan.js";

const TICK_MS = 20000;
const OUTSIDE_FIELDS = new Set(["/", "PageUp", "PageDown"]);

/** @param {EventTarget | null} target @returns {boolean} */
const isField = (target) => target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
  || (target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type));

/** @param {KeyboardEvent} event @returns {string} the key as the table names it */
const nameOf = (event) => event.altKey ? `Alt+${event.key.toUpperCase()}` : event.key;

/** @param {KeyboardEvent} event @returns {HTMLElement | null} the control this key stands for */
function controlOf(event) {
  if (event.ctrlKey || event.metaKey || event.repeat) return null;
  const key = nameOf(event);
  if (OUTSIDE_FIELDS.has(key) && isField(event.target)) return null;
  const open = document.querySelector(":popover-open");
  if (open && (key === "Escape" || !open.contains(document.querySelector(`[data-key="${CSS.escape(key)}"]`)))) return null;
  return document.querySelector(`[data-key="${CSS.escape(key)}"]`);
}

/** @param {KeyboardEvent} event @returns {boolean} whether a row of a list took the key */
function walk(event) {
  if (!(event.target instanceof Element) || !["ArrowDown", "ArrowUp"].includes(event.key)) return false;
  const table = event.target.closest("[data-rows]");
  const links = [...table?.querySelectorAll("tbody a") ?? []];
  const next = links[links.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
  if (!(next instanceof HTMLElement)) return false;
  next.focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (walk(event)) { event.preventDefault(); return; }
  const control = controlOf(event);
  if (!control) return;
  event.preventDefault();
  if (control instanceof HTMLInputElement) { control.focus(); control.select(); } else control.click();
});

// The node would hang up on a file far too large, and that looks as if it were away.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || field.type !== "file") return;
  const most = Number(field.dataset.most ?? Infinity);
  const size = field.files?.[0]?.size ?? 0;
  field.setCustomValidity(size > most ? field.dataset.tooLarge ?? "" : "");
  field.reportValidity();
});

let looks = 0;

/** One more look at what is outstanding. @param {HTMLFormElement} form */
async function lookAgain(form) {
  const mine = ++looks;
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
  if (mine !== looks) return; // a later tick has asked again
  for (const part of [".decision", "#papers-title"]) {
    const old = form.querySelector(part);
    const fresh = page.querySelector(part);
    if (old && fresh && form.isConnected) replace(old, fresh);
  }
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || !box.name.startsWith("paper.")) return;
  if (box.form?.dataset.review) void lookAgain(box.form);
});

/** Which part of the dossier is in front. @param {Element} tab */
function turnTo(tab) {
  const list = tab.closest("[role=tablist]");
  for (const other of list?.querySelectorAll("[role=tab]") ?? []) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.setAttribute("tabindex", chosen ? "0" : "-1");
    const part = document.getElementById(other.getAttribute("aria-controls") ?? "");
    if (part) part.hidden = !chosen;
  }
}

document.addEventListener("click", (event) => {
  const tab = event.target instanceof Element ? event.target.closest("[role=tab]") : null;
  if (tab) turnTo(tab);
});

document.addEventListener("keydown", (event) => {
  const tab = event.target;
  if (!(tab instanceof HTMLElement) || tab.getAttribute("role") !== "tab") return;
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const tabs = [...tab.closest("[role=tablist]")?.querySelectorAll("[role=tab]") ?? []];
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  if (next instanceof HTMLElement) { turnTo(next); next.focus(); event.preventDefault(); }
});

// The body keeps the code out of every address. A sheet that asks for a slip is given the code.
document.addEventListener("scan", (event) => {
  if (!document.querySelector(".desk")) return;
  const slip = document.querySelector(".decision [name=slip]");
  if (slip instanceof HTMLInputElement) {
    slip.value = /** @type {CustomEvent} */ (event).detail;
    slip.dispatchEvent(new Event("input", { bubbles: true }));
    slip.focus();
    return;
  }
  void go("/counter/scan", { body: new URLSearchParams({ code: /** @type {CustomEvent} */ (event).detail }) });
});

/** A code from the counter's reader at the station goes the way of a typed one. @param {string} id */
async function fetchScan(id) {
  try {
    const response = await fetch("/counter/reader", { method: "POST", body: new URLSearchParams({ scan: id }) });
    if (response.status === 200) giveScan(await response.text());
  } catch {
    return; // who holds the code under the reader sees that nothing happened, and does it again
  }
}

document.addEventListener("live", (event) => {
  const { topic, data } = /** @type {CustomEvent<{topic: string, data: string}>} */ (event).detail;
  if (topic === "scan" && data) void fetchScan(data);
});

/** Seconds a decision can still be taken back. */
function countDown() {
  const toast = /** @type {HTMLElement | null} */ (document.querySelector("[data-toast]"));
  if (!toast) return;
  const left = Number(toast.dataset.toast) - 1;
  toast.dataset.toast = String(left);
  const shown = toast.querySelector("[data-toast-left]");
  if (shown) shown.textContent = String(left);
  if (left <= 0) { toast.remove(); void refresh(["print", "dossier"]); }
}

// Minutes pass without any event.
setInterval(() => { if (!document.hidden) void refresh(["tick"]); }, TICK_MS);
setInterval(countDown, 1000);
void keepRestartPage();
