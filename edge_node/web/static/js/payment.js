// @ts-check
/**
 * The kiosk's patience while somebody pays: counts the seconds down on the page, and looks anew when
 * they are over. Whether money came is the node's word alone; it comes as a live event.
 */
import { refresh } from "./live.js";

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

setInterval(() => {
  const note = document.querySelector("[data-left]");
  if (!(note instanceof HTMLElement)) return;
  const left = Math.max(Number(note.dataset.left) - 1, 0);
  note.dataset.left = String(left);
  note.textContent = (note.dataset.words ?? "#").replace("#", clock(left));
  if (left === 0) void refresh(["tick"]);
}, 1000);
