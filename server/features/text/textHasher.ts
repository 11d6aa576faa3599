import { characterClasses, IDEOGRAPH, SEPARATOR } from "./characterClass";

export interface TextHasherOptions {
  /** log2 of the number of buckets. Words take the lower half, character n-grams the upper. */
  hashBits: number;
  /** Word n-grams of 1 … wordNgrams tokens. */
  wordNgrams: number;
  /** Character n-grams of this many characters, shortest and longest, inside words padded by one blank on each side. */
  charNgrams: readonly [number, number];
}

/** Characters of a text that are looked at; the rest of a longer one adds nothing to its vector. */
export const TEXT_CHARACTERS_MAX = 200_000;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const BLANK = 32;

/** Last step of MurmurHash3: spreads every input bit over all output bits. */
function spread(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * Counts the word and character n-grams of texts in hash buckets.
 *
 * Text is lower-cased and split into runs of letters, marks and digits; characters of scripts without spaces are words of
 * their own. An n-gram's bucket is FNV-1a over UTF-16 code units (over token hashes for word n-grams), started from a
 * constant per kind and length, then MurmurHash3's finaliser, of which the top bits are taken. Hashes are extended
 * character by character, so an n-gram costs one multiplication beyond the one before it.
 *
 * One text at a time: `hash` overwrites what the last call left. Cost: O(characters · longest n-gram), no allocation.
 */
export class TextHasher {
  /** Distinct buckets of the last text in order of first occurrence; entries at and beyond `size` are stale. */
  buckets = new Int32Array(1024);
  /** How often each occurred. */
  counts = new Float32Array(1024);
  size = 0;
  /** Buckets of words come first: `buckets[0 … wordSize − 1]`. */
  wordSize = 0;

  private readonly classes = characterClasses();
  private readonly shift: number;
  private readonly half: number;
  private readonly wordNgrams: number;
  private readonly charMin: number;
  private readonly charMax: number;
  /** Of each bucket: the number of the text it was last seen in, and its place in `buckets`. */
  private readonly seenIn: Int32Array;
  private readonly place: Int32Array;
  private textNumber = 0;
  private tokens = new Int32Array(256);
  /** Start and end of each token in the padded text. */
  private starts = new Int32Array(256);
  private ends = new Int32Array(256);

  constructor(options: TextHasherOptions) {
    const [charMin, charMax] = options.charNgrams;
    if (charMin > charMax) throw new RangeError(`charNgrams: ${charMin} … ${charMax} is not a range.`);
    this.half = 2 ** (options.hashBits - 1);
    this.shift = 32 - (options.hashBits - 1);
    this.wordNgrams = options.wordNgrams;
    this.charMin = charMin;
    this.charMax = charMax;
    this.seenIn = new Int32Array(2 * this.half);
    this.place = new Int32Array(2 * this.half);
  }

  /** Fills `buckets` and `counts`; returns their number. */
  hash(text: string): number {
    const cut = text.length > TEXT_CHARACTERS_MAX ? text.slice(0, TEXT_CHARACTERS_MAX) : text;
    const lower = cut.toLowerCase();
    this.textNumber++;
    this.size = 0;
    const nTokens = this.tokenize(lower);
    this.addWords(nTokens);
    this.wordSize = this.size;
    this.addCharacters(lower, nTokens);
    return this.size;
  }

  private tokenize(text: string): number {
    const { classes } = this;
    let n = 0;
    let at = 0;
    while (at < text.length) {
      const first = classes[text.charCodeAt(at)];
      if (first === SEPARATOR) {
        at++;
        continue;
      }
      const start = at;
      let h = FNV_OFFSET;
      do {
        h = Math.imul(h ^ text.charCodeAt(at), FNV_PRIME);
        at++;
      } while (first !== IDEOGRAPH && at < text.length && classes[text.charCodeAt(at)] === first);
      if (n === this.tokens.length) this.growTokens();
      this.tokens[n] = spread(h);
      this.starts[n] = start;
      this.ends[n] = at;
      n++;
    }
    return n;
  }

  private addWords(nTokens: number): void {
    const { tokens, wordNgrams, shift } = this;
    for (let i = 0; i < nTokens; i++) {
      let h = FNV_OFFSET ^ 0x57;
      const end = Math.min(nTokens, i + wordNgrams);
      for (let j = i; j < end; j++) {
        h = Math.imul(h ^ tokens[j], FNV_PRIME);
        this.add(spread(h) >>> shift);
        h ^= j - i + 1;
      }
    }
  }

  private addCharacters(text: string, nTokens: number): void {
    const { charMin, charMax, shift, half, starts, ends } = this;
    for (let t = 0; t < nTokens; t++) {
      const first = starts[t] - 1;
      const last = ends[t];
      for (let i = first; i <= last; i++) {
        let h = FNV_OFFSET ^ 0x43;
        const end = Math.min(last, i + charMax - 1);
        for (let j = i; j <= end; j++) {
          const unit = j === first || j === last ? BLANK : text.charCodeAt(j);
          h = Math.imul(h ^ unit, FNV_PRIME);
          if (j - i + 1 >= charMin) this.add(half + (spread(h ^ (j - i)) >>> shift));
        }
      }
    }
  }

  private add(bucket: number): void {
    if (this.seenIn[bucket] === this.textNumber) {
      this.counts[this.place[bucket]]++;
      return;
    }
    if (this.size === this.buckets.length) this.growBuckets();
    this.seenIn[bucket] = this.textNumber;
    this.place[bucket] = this.size;
    this.buckets[this.size] = bucket;
    this.counts[this.size] = 1;
    this.size++;
  }

  private growTokens(): void {
    this.tokens = doubled(this.tokens, Int32Array);
    this.starts = doubled(this.starts, Int32Array);
    this.ends = doubled(this.ends, Int32Array);
  }

  private growBuckets(): void {
    this.buckets = doubled(this.buckets, Int32Array);
    this.counts = doubled(this.counts, Float32Array);
  }
}

function doubled<T extends Int32Array | Float32Array>(array: T, make: new (n: number) => T): T {
  const larger = new make(array.length * 2);
  larger.set(array);
  return larger;
}
