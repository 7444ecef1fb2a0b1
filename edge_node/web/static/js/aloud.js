// @ts-check
/**
 * Reads the screen aloud from its recorded clip, when the page has one and the reader asked.
 *
 * Loaded only then. A new page reads itself; the buttons read again and change the loudness. The
 * voice stops with the page and with the visit.
 */
const LEVELS = [0.35, 0.65, 1];

const voice = new Audio();
let level = 1;

function read() {
  const button = document.querySelector("[data-clip]");
  voice.pause();
  if (!(button instanceof HTMLElement) || !button.dataset.clip) return;
  voice.src = button.dataset.clip;
  voice.volume = LEVELS[level];
  // A browser that wants a touch first: "again" is one.
  voice.play().catch(() => {});
}

function sayLevel() {
  const button = document.querySelector("[data-volume]");
  const words = button?.getAttribute("data-volume")?.split(",") ?? [];
  const label = button?.querySelector("span");
  if (label) label.textContent = words[level] ?? "";
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("[data-clip]")) read();
  if (event.target.closest("[data-volume]")) {
    level = (level + 1) % LEVELS.length;
    sayLevel();
    read();
  }
});
document.addEventListener("page", () => { sayLevel(); read(); });
document.addEventListener("forget", () => { voice.pause(); voice.removeAttribute("src"); level = 1; });
sayLevel();
read();
