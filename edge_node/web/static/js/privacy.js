// @ts-check
/**
 * One person leaves: nothing of them stays in this browser.
 *
 * Empties what is in view, the fields, both storages, databases, kept answers (all but the page of
 * the restarting node, which holds no data), cookies that scripts can see, and the history's
 * state. Other modules let go of what they hold when the document hears `forget`: a camera stops,
 * a voice falls silent.
 */
import { forgetAll } from "./draft.js";

const RESTART_SHELF = "restarting-";

async function dropDatabases() {
  const databases = await indexedDB.databases?.() ?? [];
  databases.forEach(({ name }) => { if (name) indexedDB.deleteDatabase(name); });
}

async function dropAnswers() {
  if (!("caches" in window)) return; // only a secure origin has them
  const names = await caches.keys();
  await Promise.all(names.filter((name) => !name.startsWith(RESTART_SHELF)).map((name) => caches.delete(name)));
}

function dropCookies() {
  for (const cookie of document.cookie.split(";")) {
    const name = cookie.split("=")[0].trim();
    if (name) document.cookie = `${name}=; path=/; max-age=0`;
  }
}

/** Nothing stays in view, even while the node is away. */
function empty() {
  const main = document.getElementById("main");
  main?.replaceChildren();
  document.getElementById("keys")?.remove();
  document.querySelectorAll("form").forEach((form) => form.reset());
  document.querySelectorAll("#scan-form input").forEach((input) => {
    /** @type {HTMLInputElement} */ (input).value = "";
  });
  document.title = "…";
  history.replaceState({}, "", location.pathname);
}

/** Everything at once. */
export async function forgetPerson() {
  document.dispatchEvent(new CustomEvent("forget"));
  forgetAll();
  localStorage.clear();
  dropCookies();
  empty();
  await Promise.allSettled([dropDatabases(), dropAnswers()]);
}
