import { rowsOfBitmap } from "../core/bitmap";
import type { PosteriorSource } from "../core/posteriorSource";
import type { Pool } from "../core/types";

/**
 * Rows that targets are drawn from: the eligible ones and, where predictions are computed from embeddings, the labelled
 * ones, which need not have given predictions.
 */
export function targetRows(pool: Pool, source: PosteriorSource): Uint32Array {
  const covered = Math.min(...source.inputs.map(({ matrix }) => matrix.n));
  const eligible = rowsOfBitmap(pool.eligible);
  const isComputed = source.inputs[0].name === "embeddings";
  const known = isComputed ? pool.labelled.rows : new Uint32Array(0);
  const rows = new Uint32Array(eligible.length + known.length);
  rows.set(eligible);
  rows.set(known, eligible.length);
  return rows.filter((row) => row < covered);
}
