import { limitCandidates, rowsBelow } from "../core/embeddedCandidates";
import { rowsByKey } from "../core/itemKeys";
import type { KeyedRandom } from "../core/keyedRandom";
import { randomOf } from "../core/keyedRandom";
import { withPredictions } from "../core/predictedRows";
import { sampleRows } from "../core/sampleRows";
import type { Candidates, Notice, Pool, SelectContext } from "../core/types";
import type { GradientFactors } from "./gradientFactors";
import { gatherGradients } from "./gradientFactors";
import { GradientSampler } from "./gradientSampler";

/** What a batch is drawn from: candidates and pending rows in order of key. */
export interface BadgeRows {
  readonly factors: GradientFactors;
  /** 1 for candidates, 0 for pending rows, which are centres from the start. */
  readonly isOpen: Uint8Array;
  readonly random: KeyedRandom;
  readonly notices: Notice[];
}

export interface BadgePick {
  /** Position in the factors. */
  readonly index: number;
  /** Row of the centre it is nearest to; null for the first. */
  readonly nearest: number | null;
}

/** Gathers candidates, at most `limit`, and pending rows. Kernel memory stays allocated until the caller releases it. */
export async function openBadge(
  context: SelectContext,
  pool: Pool,
  candidates: Candidates,
  limit: number,
): Promise<BadgeRows> {
  const notices: Notice[] = [];
  const covered = rowsBelow(candidates, Math.min(pool.embeddings!.n, pool.probabilities!.n), notices);
  const open = limitCandidates(context, pool, covered, limit, notices);
  const pending = pool.pending ?? new Uint32Array(0);
  const centres = await withPredictions(pool, pending);
  if (centres.length < pending.length) {
    notices.push({ code: "LABELLED_LEFT_OUT", level: "warning", count: pending.length - centres.length });
  }
  const rows = rowsByKey(pool.keys, Uint32Array.from([...open, ...centres]));
  const isCentre = new Set(centres);
  const isOpen = Uint8Array.from(rows, (row) => (isCentre.has(row) ? 0 : 1));
  const factors = await gatherGradients(context.kernels, pool, rows);
  return { factors, isOpen, random: randomOf(context, "centres"), notices };
}

/** A sampler that has the pending rows as its centres. */
export function startSampler(context: SelectContext, { factors, isOpen }: BadgeRows): GradientSampler {
  const sampler = new GradientSampler(context.kernels, factors, isOpen);
  for (let i = 0; i < factors.n; i++) if (isOpen[i] === 0) sampler.addCentre(i);
  return sampler;
}

/**
 * Picks n rows: the longest gradient first, unless rows are pending, then each in proportion to its squared distance to
 * the nearest pick. Once every row left coincides with a pick, the rest is drawn at random; `filled` counts those.
 */
export function drawBatch(
  context: SelectContext,
  pool: Pool,
  rows: BadgeRows,
  n: number,
): { readonly picks: readonly BadgePick[]; readonly filled: number } {
  const { factors, random } = rows;
  const sampler = startSampler(context, rows);
  const centres = Array.from(factors.rows).filter((_, i) => rows.isOpen[i] === 0);
  const picks: BadgePick[] = [];
  while (picks.length < n) {
    const index = sampler.nCentres === 0 ? sampler.longest() : sampler.draw(random.uniform(picks.length));
    if (index < 0) break;
    const closest = sampler.closest[index];
    picks.push({ index, nearest: closest < 0 ? null : centres[closest] });
    centres.push(factors.rows[index]);
    sampler.addCentre(index);
    context.checkAbort();
    context.progress("badge", picks.length, n);
  }
  const open = rows.isOpen.reduce((sum, isOpen) => sum + isOpen, 0);
  const filled = Math.min(n, open) - picks.length;
  if (filled > 0) {
    const taken = new Set(picks.map((pick) => pick.index));
    const indexOf = new Map<number, number>();
    factors.rows.forEach((row, i) => {
      if (rows.isOpen[i] === 1 && !taken.has(i)) indexOf.set(row, i);
    });
    const rest = Uint32Array.from(indexOf.keys());
    for (const row of sampleRows(rest, filled, pool.keys, randomOf(context, "fill"))) {
      const index = indexOf.get(row)!;
      const closest = sampler.closest[index];
      picks.push({ index, nearest: closest < 0 ? null : centres[closest] });
    }
  }
  return { picks, filled };
}
