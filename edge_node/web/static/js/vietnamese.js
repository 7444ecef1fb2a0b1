// @ts-check
/**
 * Vietnamese letters from plain keys: Telex, VNI, and where a tone sits.
 *
 * Pure functions of the raw keys of one syllable. "auto" takes Telex letters and VNI digits alike.
 * Tones sit where most people write them (hòa, thủy). A key pressed once more takes its effect back
 * (aaa → aa, ass → as). Keys that make no possible syllable stay as they were pressed, so that
 * foreign names can be written.
 */
const TONES = ["", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"];
const VOWEL = /[aăâeêioôơuưy]/;
const MARKED = /[ăâêôơư]/;
const SYLLABLE = /^(b|br|c|ch|d|dr|đ|g|gh|gi|gl|h|k|kh|kl|kr|l|m|n|ng|ngh|nh|p|ph|pl|pr|q|qu|r|s|t|th|tr|v|x)?[aăâeêioôơuưy]{1,3}(c|ch|k|m|n|ng|nh|p|t)?$/;

const TELEX_TONES = "zsfrxj";
/** Which plain letters a key marks, and how. @type {Record<string, [string, string]>} */
const HATS = { a: ["aă", "â"], e: ["e", "ê"], o: ["oơ", "ô"], d: ["d", "đ"] };
/** Where a horn or breve goes, first fit. @type {[RegExp, string][]} */
const BENDS = [[/ua/, "ư"], [/[aâ]/, "ă"], [/[oô]/, "ơ"], [/u/, "ư"]];
/** @type {Record<string, string>} */
const STRAIGHT = { ư: "u", ơ: "o", ă: "a" };

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

/** A syllable without its tone, and the tone. @param {string} syllable @returns {[string, number]} */
function split(syllable) {
  let tone = 0;
  const bare = [...syllable.normalize("NFD")].filter((one) => {
    const found = TONES.indexOf(one);
    if (found > 0) tone = found;
    return found <= 0;
  });
  return [bare.join("").normalize("NFC"), tone];
}

/**
 * A syllable with a tone on its proper vowel, in place of the tone it had.
 * @param {string} syllable @param {number} tone 0 none, 1 sắc, 2 huyền, 3 hỏi, 4 ngã, 5 nặng
 * @returns {string}
 */
export function put(syllable, tone) {
  const [bare] = split(syllable);
  const at = tone ? seat(bare) : -1;
  return (at < 0 ? bare : bare.slice(0, at + 1) + TONES[tone] + bare.slice(at + 1)).normalize("NFC");
}

/** The letters so far. */
class Word {
  /** @type {string[]} */ letters = [];
  tone = 0;
  /** Keys whose effect was taken back: they are plain letters from then on. */
  plain = new Set();
  changed = false;
  /** The last letter is the "ư" of a lone "w". */
  alone = false;

  /** The letters in lower case. */
  text = "";

  /** @param {string} letter */
  add(letter) {
    this.letters.push(letter);
    this.text += letter.toLowerCase();
    this.alone = false;
    this.finish();
  }

  /** Put letters at places, keeping their case. @param {[number, string][]} places */
  set(...places) {
    for (const [at, letter] of places) {
      const upper = this.letters[at] !== this.letters[at].toLowerCase();
      this.letters[at] = upper ? letter.toUpperCase() : letter;
    }
    this.text = this.letters.join("").toLowerCase();
    this.changed = true;
    return true;
  }

  /** Tone key. @param {string} key @param {number} tone @returns {boolean} whether it was used */
  accent(key, tone) {
    if (!VOWEL.test(this.text) || (tone === 0 && !this.tone)) return false;
    const again = tone > 0 && this.tone === tone;
    this.tone = again ? 0 : tone;
    this.changed = true;
    if (again) this.plain.add(key);
    return !again;
  }

  /** Hat or bar. @param {string} key @param {string} from @param {string} to */
  hat(key, from, to) {
    const { text } = this;
    const done = text.lastIndexOf(to);
    if (done >= 0) {
      if (to === "đ" && !VOWEL.test(text) && done < text.length - 1) return false; // HĐND
      this.set([done, from[0]]);
      this.plain.add(key);
      return false;
    }
    const at = to === "đ" ? text.search(VOWEL.test(text) ? /^d/ : /d/) : Math.max(...[...from].map((one) => text.lastIndexOf(one)));
    // "oeo" and "oao" are rimes of their own: ngoèo.
    if (at < 0 || (to !== "đ" && /[aeo]/.test(text.slice(at + 1)))) return false;
    // "ươ" loses both horns together.
    return to === "ô" && text[at - 1] === "ư" ? this.set([at - 1, "u"], [at, to]) : this.set([at, to]);
  }

  /** Horn, and for Telex also breve. @param {string} key @param {boolean} breve */
  bend(key, breve) {
    const after = this.text.startsWith("qu") ? 2 : 0;
    const tail = this.text.slice(after);
    const pair = tail.search(/[uư][oô]/);
    if (pair >= 0) { this.set([after + pair + 1, "ơ"]); this.finish(); return true; }
    if (/[ươă]/.test(tail)) { this.straighten(); this.plain.add(key); return false; }
    for (const [pattern, letter] of BENDS) {
      const at = tail.search(pattern);
      if (at >= 0 && (breve || letter !== "ă")) return this.set([after + at, letter]);
    }
    return false;
  }

  /** Take horns and breve back. */
  straighten() {
    this.letters.forEach((letter, at) => {
      const plain = STRAIGHT[letter.toLowerCase()];
      if (plain) this.set([at, plain]);
    });
  }

  /** "uơ" and "ưo" before another letter are "ươ". */
  finish() {
    const { text } = this;
    const at = text.search(/uơ.|ưo./);
    if (at >= 0 && !(at === 1 && text[0] === "q")) this.set([at, "ư"], [at + 1, "ơ"]);
  }
}

/** @param {Word} word @param {string} key lower case @param {boolean} capital @returns {boolean} whether the key was used up */
function telex(word, key, capital) {
  const tone = TELEX_TONES.indexOf(key);
  if (tone >= 0) return word.accent(key, tone);
  if (key in HATS) return word.hat(key, ...HATS[key]);
  if (key !== "w") return false;
  if (word.alone) { // "ww" is the letter itself
    word.set([word.letters.length - 1, "w"]);
    word.plain.add(key);
    return true;
  }
  if (VOWEL.test(word.text)) return word.bend(key, true);
  word.add(capital ? "Ư" : "ư");
  word.alone = word.changed = true;
  return true;
}

/** @param {Word} word @param {string} key @returns {boolean} */
function vni(word, key) {
  if (key >= "0" && key <= "5") return word.accent(key, Number(key));
  if (key === "9") return word.hat(key, "d", "đ");
  if (key === "7") return word.bend(key, false);
  if (key === "8") {
    const at = Math.max(word.text.lastIndexOf("a"), word.text.lastIndexOf("â"));
    if (at >= 0) return word.set([at, "ă"]);
    if (word.text.includes("ă")) { word.straighten(); word.plain.add(key); }
    return false;
  }
  if (key !== "6") return false;
  const vowels = nucleus(word.text).filter((at) => /[aăeoơâêô]/.test(word.text[at]));
  const last = word.text[vowels[vowels.length - 1]];
  const hat = Object.values(HATS).find(([from, to]) => last && (from.includes(last) || to === last));
  return hat ? word.hat(key, ...hat) : false;
}

/**
 * The text that raw keys make.
 * @param {Iterable<string>} keys of one syllable; finished letters are welcome among them
 * @param {"auto" | "telex" | "vni" | "off"} method
 * @returns {string}
 */
export function compose(keys, method) {
  const raw = [...keys];
  if (method === "off") return raw.join("");
  const word = new Word();
  for (const key of raw) {
    const lower = key.toLowerCase();
    const digit = /\d/.test(key);
    const used = !word.plain.has(lower)
      && ((method !== "vni" && !digit && telex(word, lower, key !== lower)) || (method !== "telex" && digit && vni(word, lower)));
    if (used) continue;
    const [bare, tone] = key < "\u0080" ? [key, 0] : split(key);
    word.add(bare);
    if (tone) word.tone = tone;
  }
  const text = word.letters.join("");
  if (!word.changed) return raw.join("");
  const strange = VOWEL.test(word.text) && !SYLLABLE.test(word.text);
  if (method !== "vni" && !word.plain.size && strange) return raw.join("");
  // A lone capital with a digit is a house, a block or a gate until letters follow: "A1".
  if (method === "auto" && /^\p{Lu}\d+$/u.test(raw.join(""))) return raw.join("");
  return put(text, word.tone);
}
