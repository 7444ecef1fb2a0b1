// @ts-check
/**
 * How good a picture of a paper is: bright enough, sharp enough, and whether it moves.
 *
 * Pure functions of pixels. Sharpness is the variance of the Laplacian of the grey picture: the
 * edges of print make it large, a blurred page or an empty desk leaves it small.
 */
export const DARK_BELOW = 70; // mean grey of 255
export const SHARP_FROM = 90; // grey² ; print fills some hundreds, the same page out of focus some tens
export const STEADY_BELOW = 5; // mean change of grey between two samples

/** Grey values of an RGBA picture. @param {{data: Uint8ClampedArray}} picture @returns {Uint8Array} */
export function grey({ data }) {
  const out = new Uint8Array(data.length / 4);
  for (let at = 0, from = 0; at < out.length; at += 1, from += 4) {
    out[at] = (data[from] * 77 + data[from + 1] * 150 + data[from + 2] * 29) >> 8;
  }
  return out;
}

/** @param {Uint8Array} values @returns {number} 0 to 255 */
export function brightness(values) {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** @param {Uint8Array} values @param {number} width @returns {number} */
export function sharpness(values, width) {
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (let at = width + 1; at < values.length - width - 1; at += 1) {
    const edge = 4 * values[at] - values[at - 1] - values[at + 1] - values[at - width] - values[at + width];
    const column = at % width;
    if (column === 0 || column === width - 1) continue;
    sum += edge;
    squares += edge * edge;
    count += 1;
  }
  return count ? squares / count - (sum / count) ** 2 : 0;
}

/** @param {Uint8Array} one @param {Uint8Array | undefined} other @returns {boolean} */
export function isSteady(one, other) {
  if (!other || other.length !== one.length) return false;
  let change = 0;
  for (let at = 0; at < one.length; at += 1) change += Math.abs(one[at] - other[at]);
  return change / one.length < STEADY_BELOW;
}

/** @param {Uint8Array} values @param {number} width @returns {"dark" | "blurred" | "ok"} */
export function judge(values, width) {
  if (brightness(values) < DARK_BELOW) return "dark";
  return sharpness(values, width) < SHARP_FROM ? "blurred" : "ok";
}
