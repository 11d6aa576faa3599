/** Separates words. */
export const SEPARATOR = 0;
/** Part of a word: letters, marks, digits; halves of surrogate pairs, so that emoji and rare scripts count as words. */
export const WORD = 1;
/** A word by itself: scripts written without spaces. */
export const IDEOGRAPH = 2;

const WORD_UNIT = /[\p{L}\p{M}\p{N}\u{D800}-\u{DFFF}]/u;
const IDEOGRAPH_UNIT =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

let table: Uint8Array | undefined;

/** Class of every UTF-16 code unit. Made once, in about 10 ms; lookups then cost one read. */
export function characterClasses(): Uint8Array {
  if (table) return table;
  table = new Uint8Array(65_536);
  for (let unit = 0; unit < 65_536; unit++) {
    const character = String.fromCharCode(unit);
    if (IDEOGRAPH_UNIT.test(character)) table[unit] = IDEOGRAPH;
    else if (WORD_UNIT.test(character)) table[unit] = WORD;
  }
  return table;
}
