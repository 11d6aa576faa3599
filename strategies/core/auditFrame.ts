import { createBitmap, setBit } from "./bitmap";
import { keyHi, keyLo } from "./itemKeys";
import { KeyedRandom } from "./keyedRandom";
import type { Bitmap, ItemKeys } from "./types";

/**
 * The audit frame: a random subset of all rows, fixed by the project's frame seed before the first draw. Row r belongs to it when
 * u(frameSeed, "audit-frame", key of r) < share. Only audits draw from it and no strategy ever does, so the labelled part of
 * the frame is at any time a simple random sample of the population, whatever the models were. A row keeps its side when others are added
 * or removed.
 */
export function auditFrame(
  pool: { readonly n: number; readonly keys?: ItemKeys },
  frameSeed: string,
  share: number,
): Bitmap {
  const random = new KeyedRandom(frameSeed, "audit-frame");
  const frame = createBitmap(pool.n);
  for (let row = 0; row < pool.n; row++) {
    if (random.uniform(keyLo(pool.keys, row), keyHi(pool.keys, row)) < share) setBit(frame, row);
  }
  return frame;
}

/** Whether one item, by its key, belongs to the audit frame: the same answer as {@link auditFrame} gives for its row. */
export function isInAuditFrame(
  key: { readonly lo: number; readonly hi: number },
  frameSeed: string,
  share: number,
): boolean {
  return new KeyedRandom(frameSeed, "audit-frame").uniform(key.lo, key.hi) < share;
}
