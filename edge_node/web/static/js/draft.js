// @ts-check
/**
 * Keeps what was entered in a form, with its idempotency key, until the node has accepted it.
 *
 * Storage is `sessionStorage`: gone with the browser, and emptied by `forgetAll` when one person
 * leaves. A form takes part by `data-draft="name"`; passwords and PINs never do.
 */
const PREFIX = "draft:";

/** @param {HTMLFormElement} form */
const slot = (form) => PREFIX + (form.dataset.draft ?? "");

/** @param {Element} field @returns {field is HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} */
const keeps = (field) =>
  (field instanceof HTMLInputElement && field.type !== "password" && field.type !== "file")
  || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement;

/** Store the form as it stands. @param {HTMLFormElement} form */
export function keep(form) {
  if (!form.dataset.draft) return;
  const secret = new Set([...form.elements].filter((field) => !keeps(field))
    .map((field) => field.getAttribute("name")));
  const entries = [...new FormData(form)].filter(([name, value]) =>
    typeof value === "string" && !secret.has(name));
  sessionStorage.setItem(slot(form), JSON.stringify(entries));
}

/**
 * Put back what was stored, if anything. What nobody can enter here stands as the node has it: a
 * disabled tick is in no draft and must not be read as taken away. @param {HTMLFormElement} form
 */
export function restore(form) {
  const stored = sessionStorage.getItem(slot(form));
  if (!stored) return;
  /** @type {[string, string][]} */
  const entries = JSON.parse(stored);
  const values = new Map(entries);
  const ticked = new Set(entries.map(([name, value]) => `${name}=${value}`));
  for (const field of form.elements) {
    if (!keeps(field) || !field.name || field.matches(":disabled")) continue;
    if (field instanceof HTMLInputElement && (field.type === "radio" || field.type === "checkbox")) {
      field.checked = ticked.has(`${field.name}=${field.value}`);
    } else {
      field.value = values.get(field.name) ?? field.value;
    }
  }
}

/**
 * The node has it: the page that takes this form's place brings an idempotency key of its own, and
 * what was entered but not yet stored (ticks beside a payment) stays. @param {HTMLFormElement} form
 */
export function renew(form) {
  const stored = form.dataset.draft && sessionStorage.getItem(slot(form));
  if (!stored) return;
  const hidden = new Set([...form.elements].filter((field) =>
    field instanceof HTMLInputElement && field.type === "hidden").map((field) => field.getAttribute("name")));
  /** @type {[string, string][]} */
  const entries = JSON.parse(stored);
  sessionStorage.setItem(slot(form), JSON.stringify(entries.filter(([name]) => !hidden.has(name))));
}

/** The node has it: forget the copy. @param {HTMLFormElement} form */
export function forget(form) {
  if (form.dataset.draft) sessionStorage.removeItem(slot(form));
}

/** One person has left: nothing may remain. */
export function forgetAll() {
  sessionStorage.clear();
}
