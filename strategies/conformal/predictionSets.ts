/**
 * The radius of split conformal sets: the k-th smallest calibration score with k = ⌈(n+1)(1−alpha)⌉; +∞ when there are too
 * few, which makes every set the whole label list.
 * Source: Vovk, Gammerman & Shafer 2005; Lei et al. 2018.
 */
export function splitConformalRadius(scores: ArrayLike<number>, alpha: number): number {
  const n = scores.length;
  // A product such as 20 · 0.9 must not be rounded up past its integer.
  const k = Math.ceil((n + 1) * (1 - alpha) - 1e-9);
  if (k > n) return Number.POSITIVE_INFINITY;
  return Float64Array.from(scores).sort()[Math.max(1, k) - 1];
}

/** How far a class is from what the model says; smaller fits better. */
export type SetScore =
  /** 1 − p of the class. */
  | { readonly kind: "one-minus-p" }
  /** Probability of the classes at least as likely, itself included (APS), plus a penalty per class beyond `free` (RAPS). */
  | { readonly kind: "cumulative"; readonly penalty?: number; readonly free?: number };

/** Scores of all classes of one row of probabilities. Ties of probabilities count in class order. */
export function classScoresOf(row: ArrayLike<number>, score: SetScore): Float64Array {
  if (score.kind === "one-minus-p") return Float64Array.from(row, (p) => Math.max(0, 1 - p));
  const { penalty = 0, free = 0 } = score;
  const order = Array.from({ length: row.length }, (_, c) => c).sort((a, b) => row[b] - row[a] || a - b);
  const out = new Float64Array(row.length);
  let sum = 0;
  order.forEach((c, rank) => {
    sum += row[c];
    out[c] = sum + penalty * Math.max(0, rank + 1 - free);
  });
  return out;
}

/** Classes whose score is at most the radius, most probable first; never empty: the most probable class is always there. */
export function predictionSet(row: ArrayLike<number>, radius: number, score: SetScore): number[] {
  const scores = classScoresOf(row, score);
  const order = Array.from({ length: row.length }, (_, c) => c).sort((a, b) => row[b] - row[a] || a - b);
  const inside = order.filter((c) => scores[c] <= radius);
  return inside.length > 0 ? inside : order.slice(0, 1);
}
