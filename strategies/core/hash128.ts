/**
 * MurmurHash3 x86 128-bit of a text's UTF-8 bytes, seed 0: four 32-bit words. Not a cryptographic hash: it names specs
 * and derives keys for the random streams, and resists accidents, not adversaries.
 * Source: Appleby, MurmurHash3 (public domain algorithm).
 */
export function hash128(text: string): Uint32Array {
  return hashBytes128(utf8Bytes(text));
}

/** {@link hash128} as 32 lower-case hex digits. */
export function hash128Hex(text: string): string {
  return hexOfWords(hash128(text));
}

export function hexOfWords(words: Uint32Array): string {
  let hex = "";
  for (const word of words) hex += word.toString(16).padStart(8, "0");
  return hex;
}

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/** MurmurHash3 x86 128-bit of bytes, seed 0. */
export function hashBytes128(bytes: Uint8Array): Uint32Array {
  const length = bytes.length;
  const nBlocks = length >>> 4;
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  for (let block = 0; block < nBlocks; block++) {
    const at = block * 16;
    h1 ^= mixWord(wordAt(bytes, at), C1, 15, C2);
    h1 = (Math.imul(rotateLeft(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= mixWord(wordAt(bytes, at + 4), C2, 16, C3);
    h2 = (Math.imul(rotateLeft(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= mixWord(wordAt(bytes, at + 8), C3, 17, C4);
    h3 = (Math.imul(rotateLeft(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= mixWord(wordAt(bytes, at + 12), C4, 18, C1);
    h4 = (Math.imul(rotateLeft(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  const tail = nBlocks * 16;
  h4 ^= mixWord(tailWord(bytes, tail + 12), C4, 18, C1);
  h3 ^= mixWord(tailWord(bytes, tail + 8), C3, 17, C4);
  h2 ^= mixWord(tailWord(bytes, tail + 4), C2, 16, C3);
  h1 ^= mixWord(tailWord(bytes, tail), C1, 15, C2);
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finalMix(h1);
  h2 = finalMix(h2);
  h3 = finalMix(h3);
  h4 = finalMix(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  return Uint32Array.of(h1, h2 + h1, h3 + h1, h4 + h1);
}

function mixWord(word: number, first: number, rotation: number, second: number): number {
  return Math.imul(rotateLeft(Math.imul(word, first), rotation), second);
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function finalMix(h: number): number {
  let x = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

/** Little-endian word at `at`, bytes beyond the end reading as 0: a zero word leaves the hash state as it is. */
function tailWord(bytes: Uint8Array, at: number): number {
  let word = 0;
  for (let i = 0; i < 4 && at + i < bytes.length; i++) word |= bytes[at + i] << (8 * i);
  return word;
}

/** UTF-8 of a text; a lone surrogate becomes U+FFFD, as everywhere on the platform. */
function utf8Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    let point = text.codePointAt(i)!;
    if (point > 0xffff) i++;
    else if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) bytes[n++] = point;
    else if (point < 0x800) {
      bytes[n++] = 0xc0 | (point >>> 6);
      bytes[n++] = 0x80 | (point & 63);
    } else if (point < 0x10000) {
      bytes[n++] = 0xe0 | (point >>> 12);
      bytes[n++] = 0x80 | ((point >>> 6) & 63);
      bytes[n++] = 0x80 | (point & 63);
    } else {
      bytes[n++] = 0xf0 | (point >>> 18);
      bytes[n++] = 0x80 | ((point >>> 12) & 63);
      bytes[n++] = 0x80 | ((point >>> 6) & 63);
      bytes[n++] = 0x80 | (point & 63);
    }
  }
  return bytes.subarray(0, n);
}
