// @ts-check
/**
 * Passkeys at the counter's door. Without an authenticator, a named address or HTTPS, no button
 * shows and the PIN remains.
 */
import { go } from "./core.js";

/** @param {ArrayBuffer} buffer */
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** @param {string} value @returns {Uint8Array<ArrayBuffer>} */
const bytes = (value) => Uint8Array.from(
  atob(value.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

/** @param {string} path @param {Record<string, string>} fields */
const post = (path, fields) =>
  fetch(`/counter/passkey/${path}`, { method: "POST", body: new URLSearchParams(fields) });

const canAsk = () => window.isSecureContext && "PublicKeyCredential" in window
  && !/^[\d.]+$|:/.test(location.hostname);

async function ask() {
  const response = await post("ask", {});
  if (!response.ok) throw new Error("no challenge");
  return response.json();
}

async function create() {
  const asked = await ask();
  const found = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey: {
    challenge: bytes(asked.challenge),
    rp: { id: asked.rp_id, name: asked.rp_name },
    user: { id: bytes(asked.user.id), name: asked.user.name, displayName: asked.user.shown },
    pubKeyCredParams: asked.algorithms.map((/** @type {number} */ alg) => ({ type: "public-key", alg })),
    excludeCredentials: asked.known.map((/** @type {string} */ id) => ({ type: "public-key", id: bytes(id) })),
    authenticatorSelection: { userVerification: "required", residentKey: "preferred" },
    attestation: "none",
    timeout: asked.timeout,
  } }));
  const answer = /** @type {AuthenticatorAttestationResponse} */ (found.response);
  const response = await post("register", {
    client_data: text(answer.clientDataJSON), attestation: text(answer.attestationObject),
  });
  if (!response.ok) throw new Error("refused");
}

async function get() {
  const asked = await ask();
  const found = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey: {
    challenge: bytes(asked.challenge),
    rpId: asked.rp_id,
    allowCredentials: asked.known.map((/** @type {string} */ id) => ({ type: "public-key", id: bytes(id) })),
    userVerification: "required",
    timeout: asked.timeout,
  } }));
  const answer = /** @type {AuthenticatorAssertionResponse} */ (found.response);
  const back = /** @type {HTMLInputElement | null} */ (document.querySelector("#door [name=back]"));
  const response = await post("sign-in", {
    credential: text(found.rawId),
    client_data: text(answer.clientDataJSON),
    authenticator_data: text(answer.authenticatorData),
    signature: text(answer.signature),
    back: back?.value ?? "",
  });
  if (!response.ok) throw new Error("refused");
  document.dispatchEvent(new CustomEvent("opened", { detail: response.url }));
  // A locked desk has been put back as it was; only a door that still stands leads on.
  if (document.querySelector("main.gate")) await go(response.url, { replace: true });
}

/** @param {string} id @param {boolean} shown */
function show(id, shown) {
  const part = document.getElementById(id);
  if (part) part.hidden = !shown;
}

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-passkey]") : null;
  if (!(button instanceof HTMLButtonElement) || button.disabled) return;
  button.disabled = true;
  show("passkey-problem", false);
  try {
    if (button.dataset.passkey === "create") { await create(); show("passkey-done", true); } else await get();
  } catch {
    show("passkey-problem", true);
  } finally {
    button.disabled = false;
  }
});

function offer() {
  if (!canAsk()) return;
  show("passkeys", true);
  show("passkey", true);
}

document.addEventListener("page", offer);
offer();
