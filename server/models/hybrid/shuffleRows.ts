import type { KeyedRandom } from "@/strategies";

/** Fisher–Yates over 0 … n − 1, drawn afresh for each epoch. */
export function shuffleRows(order: Int32Array, random: KeyedRandom, epoch: number): void {
  for (let i = 0; i < order.length; i++) order[i] = i;
  for (let i = order.length - 1; i > 0; i--) {
    const other = random.below(i + 1, i, epoch);
    const kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
}
