import type { ArmStream, Nomination } from "../core/arms";
import type { Pool, SelectContext } from "../core/types";
import type { BadgeRows } from "./badgeRun";
import { drawBatch, startSampler } from "./badgeRun";
import { exactGradients } from "./exactGradients";

/**
 * BADGE among other arms.
 *
 * `every-pick`: its first nomination is the longest gradient, and whatever any arm picks becomes a centre. `released`: as
 * in the code published with TAILOR, the longest gradient is a centre that is never nominated, and rows of other arms
 * are only left out of the draws.
 */
export function badgeArm(
  context: SelectContext,
  pool: Pool,
  rows: BadgeRows,
  batchSize: number,
  rule: string,
): ArmStream {
  const { factors, random } = rows;
  const sampler = startSampler(context, rows);
  const centres = Array.from(factors.rows).filter((_, i) => rows.isOpen[i] === 0);
  const indexOf = new Map(Array.from(factors.rows, (row, i) => [row, i]));
  const isReleased = rule === "released";
  const addCentre = (index: number) => {
    centres.push(factors.rows[index]);
    sampler.addCentre(index);
  };
  let isFirst = true;
  if (isReleased) {
    const longest = sampler.longest();
    if (longest >= 0) addCentre(longest);
    isFirst = false;
  }
  let draws = 0;
  let next: Nomination | null | undefined;
  let alone: Map<number, number> | undefined;

  const nominate = async (): Promise<Nomination | null> => {
    let index = isFirst || sampler.nCentres === 0 ? sampler.longest() : sampler.draw(random.uniform(draws));
    // Every row left coincides with a centre: the longest gradient is as good as any.
    if (index < 0) index = sampler.longest();
    if (index < 0) return null;
    const closest = sampler.closest[index];
    const nearest = closest < 0 ? null : centres[closest];
    const [{ squaredNorm, squaredDistance }] = await exactGradients(pool, [factors.rows[index]], [nearest]);
    const score = squaredDistance ?? squaredNorm;
    const distance = squaredDistance === null ? null : Math.sqrt(squaredDistance);
    return {
      row: factors.rows[index],
      score,
      utility: score,
      percentile: null,
      reasons: [{ code: "gradient", norm: Math.sqrt(squaredNorm), distance, nearest }],
    };
  };

  return {
    async nominate() {
      if (next === undefined) next = await nominate();
      return next;
    },
    take(row, isOwn) {
      const index = indexOf.get(row);
      if (index === undefined) return;
      if (isOwn) {
        isFirst = false;
        draws++;
      }
      if (isOwn || !isReleased) addCentre(index);
      else sampler.exclude(index);
      // A nomination stands until its row is gone or its distance has changed.
      next = undefined;
    },
    rankOf(row) {
      if (alone === undefined) {
        const { picks } = drawBatch(context, pool, rows, batchSize);
        alone = new Map(picks.map((pick, rank) => [factors.rows[pick.index], rank]));
      }
      return alone.get(row) ?? null;
    },
  };
}
