// @ts-check
/**
 * Photograph a paper: show what the camera sees, take it when it is clear and lies still, let the
 * person look at it, send it.
 *
 * The state is the `data-state` of `#camera`; one sentence and a set of buttons belong to each. A
 * picture lives in one canvas, which is emptied when it has been sent, when the page is left and
 * when somebody leaves the kiosk. Without a camera, or on a page that is no secure context, the
 * paper goes to the counter: that is said, and nothing is offered that cannot work.
 */
import { go } from "./core.js";
import { grey, isSteady, judge } from "./quality.js";

const SAMPLE_MS = 350;
const SAMPLE_WIDTH = 640;
const STEADY_SAMPLES = 3;
const PAUSE_AFTER_RETAKE_MS = 2500;
const MAXIMUM_WIDTH = 1920;
const MAXIMUM_BYTES = 4 << 20;
const QUALITIES = [0.85, 0.6, 0.4];
const ANSWER_TIMEOUT_MS = 30000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
const AWAY = new Set([502, 503, 504]);
/** Buttons of each state; the way to the counter is always there. @type {Record<string, string[]>} */
const BUTTONS = { live: ["take"], dark: ["take"], "shot-ok": ["use", "again"], "shot-dark": ["again", "use"], "shot-blurred": ["again", "use"], refused: ["use", "again"] };

/** @type {MediaStream | undefined} */
let stream;
/** @type {ReturnType<typeof setInterval> | undefined} */
let sampling;
/** @type {Uint8Array | undefined} */
let before;
let steady = 0;
let notBefore = 0;
const small = document.createElement("canvas");

const place = () => document.getElementById("camera");
const video = () => /** @type {HTMLVideoElement} */ (place()?.querySelector("video"));
const picture = () => /** @type {HTMLCanvasElement} */ (place()?.querySelector("canvas"));

/** @param {string} state @param {string} [words] */
function show(state, words = state.replace("shot-", "")) {
  const section = place();
  if (!section) return;
  section.dataset.state = state;
  const shot = /^(shot-|sending|refused)/.test(state);
  video().hidden = shot;
  picture().hidden = !shot;
  section.querySelectorAll("[data-say]").forEach((line) => {
    /** @type {HTMLElement} */ (line).hidden = line.getAttribute("data-say") !== words;
  });
  section.querySelectorAll("[data-shot]").forEach((button) => {
    const name = button.getAttribute("data-shot") ?? "";
    /** @type {HTMLElement} */ (button).hidden = name !== "leave" && !BUTTONS[state]?.includes(name);
  });
}

/** The grey picture of what is in view now, small. @param {CanvasImageSource} source @param {number} width @param {number} height */
function sample(source, width, height) {
  small.width = SAMPLE_WIDTH;
  small.height = Math.max(Math.round(SAMPLE_WIDTH * height / width), 1);
  const context = small.getContext("2d", { willReadFrequently: true });
  if (!context || !width) return undefined;
  context.drawImage(source, 0, 0, small.width, small.height);
  return grey(context.getImageData(0, 0, small.width, small.height));
}

function look() {
  const view = video();
  if (!view || place()?.dataset.state?.startsWith("shot")) return;
  const values = sample(view, view.videoWidth, view.videoHeight);
  if (!values) return;
  const verdict = judge(values, SAMPLE_WIDTH);
  steady = verdict === "ok" && isSteady(values, before) ? steady + 1 : 0;
  before = values;
  show(verdict === "dark" ? "dark" : "live");
  if (steady >= STEADY_SAMPLES && performance.now() >= notBefore) take();
}

function take() {
  const view = video();
  if (!view.videoWidth) return;
  pauseLooking();
  const canvas = picture();
  const scale = Math.min(1, MAXIMUM_WIDTH / view.videoWidth);
  canvas.width = Math.round(view.videoWidth * scale);
  canvas.height = Math.round(view.videoHeight * scale);
  canvas.getContext("2d")?.drawImage(view, 0, 0, canvas.width, canvas.height);
  const values = sample(canvas, canvas.width, canvas.height);
  show(`shot-${values ? judge(values, SAMPLE_WIDTH) : "blurred"}`);
}

function again() {
  empty();
  notBefore = performance.now() + PAUSE_AFTER_RETAKE_MS;
  show("live");
  startLooking();
}

/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob | null>} */
async function encode(canvas) {
  for (const quality of QUALITIES) {
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", quality); });
    if (blob && blob.size <= MAXIMUM_BYTES) return blob;
  }
  return null;
}

/** Send until the node answers: the same picture twice is one. @param {string} url @param {Blob} blob */
async function upload(url, blob) {
  const hold = document.getElementById("hold");
  for (let wait = FIRST_WAIT_MS; place(); wait = Math.min(wait * 1.6, LONGEST_WAIT_MS)) {
    try {
      const answer = await fetch(url, {
        method: "POST", body: blob, credentials: "same-origin",
        headers: { "Content-Type": "image/jpeg" }, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      if (!AWAY.has(answer.status) || answer.headers.has("X-Request-Id")) return answer;
    } catch { /* the node is away */ }
    if (hold) hold.hidden = false;
    await new Promise((resolve) => { setTimeout(resolve, wait); });
  }
  return undefined;
}

async function use() {
  const url = place()?.dataset.camera ?? "";
  show("sending");
  const blob = await encode(picture());
  const answer = blob ? await upload(url, blob) : undefined;
  const hold = document.getElementById("hold");
  if (hold) hold.hidden = true;
  if (!place()) return;
  if (!answer?.ok) { show("refused"); return; }
  stop();
  await go(answer.url);
}

function startLooking() {
  pauseLooking();
  steady = 0;
  before = undefined;
  sampling = setInterval(look, SAMPLE_MS);
}

function pauseLooking() {
  clearInterval(sampling);
  sampling = undefined;
}

/** Nothing of the picture stays. */
function empty() {
  const canvas = picture();
  if (canvas) { canvas.width = 0; canvas.height = 0; }
  small.width = 0;
  small.height = 0;
  before = undefined;
}

function stop() {
  pauseLooking();
  empty();
  stream?.getTracks().forEach((track) => track.stop());
  stream = undefined;
}

/** Open the camera of the page that has just come. */
export async function start() {
  stop();
  const section = place();
  if (!section) return;
  show("starting");
  if (!isSecureContext || !navigator.mediaDevices?.getUserMedia) { show("none"); return; }
  try {
    const opened = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { width: { ideal: 1920 }, height: { ideal: 1080 }, facingMode: { ideal: "environment" } },
    });
    if (place() !== section) { opened.getTracks().forEach((track) => track.stop()); return; }
    stream = opened;
    opened.getVideoTracks().forEach((track) => track.addEventListener("ended", () => { stop(); show("none"); }));
    video().srcObject = opened;
    await video().play();
  } catch {
    stop();
    show("none");
    return;
  }
  show("live");
  startLooking();
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button[data-shot]") : null;
  if (!button) return;
  const name = button.getAttribute("data-shot");
  if (name === "take") take();
  if (name === "again") again();
  if (name === "use") void use();
});
document.addEventListener("page", () => { if (!place()) stop(); });
document.addEventListener("forget", stop);
