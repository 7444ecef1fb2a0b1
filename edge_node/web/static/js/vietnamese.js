// @ts-check
/**
 * Vietnamese letters from plain keys: Telex and VNI, one syllable at a time.
 *
 * `compose` is a pure function of the raw keys typed so far; taking one key away and composing
 * again is the whole of "backspace". Tones sit where most people write them (hòa, thủy).
 */
const TONES = ["", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"];
/** @type {Record<string, number>} */
const TELEX_TONES = { s: 1, f: 2, r: 3, x: 4, j: 5, z: 0 };
/** @type {Record<string, string>} */
const DOUBLED = { a: "â", e: "ê", o: "ô", d: "đ" };
/** @type {Record<string, string>} */
const HORNED = { a: "ă", o: "ơ", u: "ư" };
const VOWEL = /[aăâeêioôơuưy]/i;

/** @param {string} letter @param {boolean} upper */
const like = (letter, upper) => (upper ? letter.toUpperCase() : letter);

/** @param {string} letter */
const isUpper = (letter) => letter !== letter.toLowerCase();

/**
 * Mark the nearest earlier letter that can take it; "uo" takes the horn as a pair.
 * @param {string[]} letters @param {Record<string, string>} marks
 */
function mark(letters, marks) {
  for (let at = letters.length - 1; at >= 0; at -= 1) {
    const marked = marks[letters[at].toLowerCase()];
    if (!marked) continue;
    const before = letters[at - 1] ?? "";
    if (marked === "ư" && /q/i.test(before)) continue;
    letters[at] = like(marked, isUpper(letters[at]));
    const last = at === letters.length - 1;
    const blocked = last ? /[qh]/i.test(letters[at - 2] ?? "") || letters.length < 3 : /q/i.test(letters[at - 2] ?? "");
    if (marked === "ơ" && /u/i.test(before) && !blocked) letters[at - 1] = like("ư", isUpper(before));
    return true;
  }
  return false;
}

/** Which letter carries the tone, -1 when there is no vowel. @param {string} syllable */
function seat(syllable) {
  const text = syllable.toLowerCase();
  const vowels = [...text].flatMap((letter, at) => (VOWEL.test(letter) ? [at] : []));
  const [first] = vowels;
  const glide = (text[first] === "u" && text[first - 1] === "q") || (text[first] === "i" && text[first - 1] === "g" && first === 1);
  if (vowels.length > 1 && glide) vowels.shift();
  if (!vowels.length) return -1;
  const special = vowels.filter((at) => /[ăâêôơư]/.test(text[at]));
  if (special.length) return special[special.length - 1];
  if (vowels.length === 1) return vowels[0];
  if (vowels.length === 3) return vowels[1];
  return vowels[1] < text.length - 1 ? vowels[1] : vowels[0];
}

/** @param {string[]} letters @param {string} key */
function telexMark(letters, key) {
  const low = key.toLowerCase();
  if (low === "w") {
    if (/(^|[^q])ua$/i.test(letters.join("")) && mark(letters, { u: "ư" })) return true;
    if (mark(letters, HORNED)) return true;
    if (letters.some((letter) => VOWEL.test(letter))) return false;
    letters.push(like("ư", isUpper(key)));
    return true;
  }
  return low in DOUBLED && letters.some((letter) => letter.toLowerCase() === low)
    && mark(letters, { [low]: DOUBLED[low] });
}

/** The syllable that raw Telex keys spell. @param {string} keys @returns {string} */
export function compose(keys) {
  /** @type {string[]} */
  const letters = [];
  let tone = 0;
  for (const key of keys) {
    const wanted = TELEX_TONES[key.toLowerCase()];
    if (wanted !== undefined && letters.some((letter) => VOWEL.test(letter))) {
      if (wanted === tone && tone) { tone = 0; letters.push(key); } else tone = wanted;
    } else if (!telexMark(letters, key)) {
      letters.push(key);
    }
  }
  return put(letters.join(""), tone);
}

/** A syllable with a tone on its proper vowel. @param {string} syllable @param {number} tone */
export function put(syllable, tone) {
  const bare = [...syllable.normalize("NFD")].filter((one) => !TONES.slice(1).includes(one)).join("").normalize("NFC");
  const at = tone ? seat(bare) : -1;
  return (at < 0 ? bare : bare.slice(0, at + 1) + TONES[tone] + bare.slice(at + 1)).normalize("NFC");
}
