// @ts-check
/**
 * Where a Vietnamese tone sits: for the tone keys on the screen.
 *
 * Pure functions of one syllable. Tones sit where most people write them (hòa, thủy).
 */
const TONES = ["", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"];
const VOWEL = /[aăâeêioôơuưy]/;
const MARKED = /[ăâêôơư]/;

/** Positions of the vowels that may carry the tone. @param {string} text lower case, no tone */
function nucleus(text) {
  const vowels = [...text].flatMap((letter, at) => (VOWEL.test(letter) ? [at] : []));
  // In "qu" and "gi" the vowel belongs to the consonant, unless it is the only one.
  const glide = /^(qu|gi)/.test(text) && vowels[0] === 1;
  return glide && vowels.length > 1 ? vowels.slice(1) : vowels;
}

/** Which letter carries the tone, -1 when there is no vowel. @param {string} syllable */
function seat(syllable) {
  const text = syllable.toLowerCase();
  const vowels = nucleus(text);
  const marked = vowels.filter((at) => MARKED.test(text[at]));
  if (marked.length) return marked[marked.length - 1];
  if (vowels.length < 2) return vowels[0] ?? -1;
  const closed = vowels[vowels.length - 1] < text.length - 1;
  return vowels.length === 3 || closed ? vowels[1] : vowels[0];
}

/**
 * A syllable with a tone on its proper vowel, in place of the tone it had.
 * @param {string} syllable @param {number} tone 0 none, 1 sắc, 2 huyền, 3 hỏi, 4 ngã, 5 nặng
 * @returns {string}
 */
export function put(syllable, tone) {
  const bare = [...syllable.normalize("NFD")].filter((one) => !TONES.slice(1).includes(one)).join("").normalize("NFC");
  const at = tone ? seat(bare) : -1;
  return (at < 0 ? bare : bare.slice(0, at + 1) + TONES[tone] + bare.slice(at + 1)).normalize("NFC");
}
