import { hash128 } from "./hash128";
import type { ItemKeys } from "./types";

/** Keys of rows named by texts, such as external ids: 64 bits of a hash, so distinct with probability 1 − n²/2⁶⁵. */
export function keysFromTexts(texts: readonly string[]): ItemKeys {
  const lo = new Uint32Array(texts.length);
  const hi = new Uint32Array(texts.length);
  for (let i = 0; i < texts.length; i++) {
    const hash = hash128(texts[i]);
    lo[i] = hash[0];
    hi[i] = hash[1];
  }
  return { lo, hi };
}

/** The low and high words of a BigUint64Array of keys. */
export function keysFromBigInts(keys: BigUint64Array): ItemKeys {
  const lo = new Uint32Array(keys.length);
  const hi = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    lo[i] = Number(keys[i] & 0xffffffffn);
    hi[i] = Number(keys[i] >> 32n);
  }
  return { lo, hi };
}

export function keyLo(keys: ItemKeys | undefined, row: number): number {
  return keys === undefined ? row : keys.lo[row];
}

export function keyHi(keys: ItemKeys | undefined, row: number): number {
  return keys === undefined ? 0 : keys.hi[row];
}

/** Negative when the key of row a is below that of row b: the tie rule of every strategy. */
export function compareKeys(keys: ItemKeys | undefined, a: number, b: number): number {
  if (keys === undefined) return a - b;
  const hi = keys.hi[a] - keys.hi[b];
  return hi !== 0 ? hi : keys.lo[a] - keys.lo[b];
}

/** A copy of `rows` in ascending order of key: the order in which sums are taken, so that they do not depend on positions. */
export function rowsByKey(keys: ItemKeys | undefined, rows: Uint32Array): Uint32Array {
  const copy = rows.slice();
  return keys === undefined ? copy.sort() : copy.sort((a, b) => compareKeys(keys, a, b));
}
