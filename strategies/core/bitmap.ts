import type { Bitmap } from "./types";

/** An all-zero bitmap, or with `filled` an all-one bitmap, of `size` bits. */
export function createBitmap(size: number, filled = false): Bitmap {
  const words = new Uint32Array((size + 31) >>> 5);
  if (filled) {
    words.fill(0xffffffff);
    if ((size & 31) !== 0) words[words.length - 1] = 0xffffffff >>> (32 - (size & 31));
  }
  return { size, words };
}

/** @throws RangeError when a row is not in 0 … size − 1. */
export function bitmapFromRows(size: number, rows: ArrayLike<number>): Bitmap {
  const bitmap = createBitmap(size);
  for (let i = 0; i < rows.length; i++) setBit(bitmap, rows[i]);
  return bitmap;
}

export function hasBit(bitmap: Bitmap, row: number): boolean {
  return row < bitmap.size && ((bitmap.words[row >>> 5] >>> (row & 31)) & 1) === 1;
}

/** @throws RangeError when the row is not in 0 … size − 1. */
export function setBit(bitmap: Bitmap, row: number): void {
  if (!(Number.isInteger(row) && row >= 0 && row < bitmap.size)) {
    throw new RangeError(`setBit: row ${row} is not in 0 … ${bitmap.size - 1}.`);
  }
  bitmap.words[row >>> 5] |= 1 << (row & 31);
}

export function clearBit(bitmap: Bitmap, row: number): void {
  if (row < bitmap.size) bitmap.words[row >>> 5] &= ~(1 << (row & 31));
}

export function countBits(bitmap: Bitmap): number {
  let count = 0;
  for (const word of bitmap.words) {
    let x = word - ((word >>> 1) & 0x55555555);
    x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
    count += Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}

/** Rows whose bit is set, ascending. */
export function rowsOfBitmap(bitmap: Bitmap): Uint32Array {
  const rows = new Uint32Array(countBits(bitmap));
  let n = 0;
  for (let w = 0; w < bitmap.words.length; w++) {
    let word = bitmap.words[w];
    while (word !== 0) {
      rows[n++] = (w << 5) + (31 - Math.clz32(word & -word));
      word &= word - 1;
    }
  }
  return rows;
}

/** Bits set in `a` and not in `b`. @throws RangeError when sizes differ. */
export function bitmapWithout(a: Bitmap, b: Bitmap): Bitmap {
  return combine(a, b, (x, y) => x & ~y);
}

/** Bits set in both. @throws RangeError when sizes differ. */
export function bitmapAnd(a: Bitmap, b: Bitmap): Bitmap {
  return combine(a, b, (x, y) => x & y);
}

/** A copy of the bitmap without the given rows. */
export function bitmapWithoutRows(bitmap: Bitmap, rows: ArrayLike<number>): Bitmap {
  const copy: Bitmap = { size: bitmap.size, words: bitmap.words.slice() };
  for (let i = 0; i < rows.length; i++) clearBit(copy, rows[i]);
  return copy;
}

function combine(a: Bitmap, b: Bitmap, operation: (x: number, y: number) => number): Bitmap {
  if (a.size !== b.size) throw new RangeError(`Bitmaps of ${a.size} and ${b.size} bits cannot be combined.`);
  const words = new Uint32Array(a.words.length);
  for (let w = 0; w < words.length; w++) words[w] = operation(a.words[w], b.words[w]);
  return { size: a.size, words };
}
