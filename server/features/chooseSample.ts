import type { FeatureSpec } from "@/contracts/project";
import { KeyedRandom } from "@/strategies";

/** Kernel memory for the tall matrices of the sketch: two of sample × (dim + 16) float32. */
const SKETCH_BYTES_MAX = 1_500_000_000;
const SKETCH_EXTRA_COLUMNS = 16;
const RECORD_SAMPLE_ROWS = 50_000;

/** Most rows that features of this kind are learnt on. */
export function learningRowsMax(spec: FeatureSpec): number {
  if (spec.kind !== "text") return RECORD_SAMPLE_ROWS;
  return Math.min(spec.sampleRows, Math.floor(SKETCH_BYTES_MAX / (8 * (spec.dim + SKETCH_EXTRA_COLUMNS))));
}

/** A random `size` of the rows 0 … nRows − 1, ascending; all of them when there are not more. The same for a seed. */
export function chooseSample(nRows: number, size: number, seed: string): Uint32Array {
  if (nRows <= size) return Uint32Array.from({ length: nRows }, (_, row) => row);
  const random = new KeyedRandom(seed, "features/sample");
  const draws = new Float64Array(nRows);
  for (let row = 0; row < nRows; row++) draws[row] = random.uniform(row);
  const bar = draws.slice().sort()[size - 1];
  const chosen = new Uint32Array(size);
  let n = 0;
  // Draws are distinct but for chance of 2⁻⁵²: the bound on n costs nothing.
  for (let row = 0; row < nRows && n < size; row++) if (draws[row] <= bar) chosen[n++] = row;
  return chosen;
}
