// @ts-check
/**
 * What a kiosk does by itself: give scans to the form, filter the list while somebody types.
 *
 * The other parts are modules of their own: how long a page waits (stay), what is forgotten
 * (privacy), what is refused (guard), keypad, keys on the screen, scanner.
 */
import { keepRestartPage, send } from "./core.js";
import "./guard.js";
import "./scan.js";
import "./keypad.js";
import "./keys.js";
import "./live.js";
import "./stay.js";

/** @param {string} name @param {string} value */
function giveScan(name, value) {
  document.dispatchEvent(new CustomEvent("activity"));
  const main = document.getElementById("main");
  if (main?.dataset.scan === undefined && location.pathname !== "/kiosk") return;
  const form = document.getElementById("scan-form");
  const field = form?.querySelector("input");
  if (!(form instanceof HTMLFormElement) || !field) return;
  field.name = name;
  field.value = value;
  void send(form).finally(() => { field.value = ""; });
}

/** Plain letters: what search compares. @param {string} text */
const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replaceAll("đ", "d");

/** @param {string} id @param {string} text */
function say(id, text) {
  const place = document.getElementById(id);
  if (place) place.textContent = text;
}

/** @param {HTMLInputElement} input */
function filter(input) {
  const list = document.getElementById(input.dataset.filter ?? "");
  if (!list) return;
  const words = fold(input.value).split(/\s+/).filter(Boolean);
  const { shelf = "" } = list.dataset;
  let shown = 0;
  for (const row of list.querySelectorAll("li")) {
    const fits = words.length ? words.every((word) => row.dataset.find?.includes(word))
      : row.dataset.category?.split(" ").includes(shelf) ?? false;
    row.hidden = !fits;
    shown += Number(fits);
  }
  document.querySelectorAll(".shelves [data-shelf]").forEach((link) => {
    if (!words.length && link.getAttribute("data-shelf") === shelf) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  });
  const nothing = document.getElementById("nothing");
  if (nothing) nothing.hidden = shown > 0;
  say("nothing-words", input.value.trim());
  say("found", words.length ? `${list.dataset.words} ${shown}` : "");
}

document.addEventListener("page", () => {
  if (document.querySelector("[data-clip]")) void import("./aloud.js");
  void keepRestartPage();
});
document.addEventListener("scan", (event) => giveScan("text", /** @type {CustomEvent<string>} */ (event).detail));
document.addEventListener("live", (event) => {
  const { topic, data } = /** @type {CustomEvent<{topic: string, data: string}>} */ (event).detail;
  if (topic === "scan" && data) giveScan("scan", data);
});
document.addEventListener("input", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.dataset.filter) filter(event.target);
});

// Only a page with a camera loads what a camera needs.
document.addEventListener("page", () => {
  if (document.querySelector("[data-camera]")) void import("./camera.js").then((camera) => camera.start());
});
