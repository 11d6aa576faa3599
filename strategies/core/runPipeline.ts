import { bitmapFromRows, countBits, rowsOfBitmap } from "./bitmap";
import { randomOf } from "./keyedRandom";
import { CANDIDATES_MAX, findAssigner, findFilter, findStrategy, TOP_K_DESIGN } from "./normalizeSpec";
import { perCostScorer } from "./perCostScorer";
import { sampleRows } from "./sampleRows";
import { scorePool, selectionOfTop } from "./scorePool";
import type { Candidates, Notice, Pool, Registry, SelectContext, Selection, StageRef, StrategySpec } from "./types";

/**
 * Filters, scores, designs and orders a batch. Random filters narrow the pool before it is scored; filters by utility say
 * how many of the best rows reach the design.
 */
export async function runPipeline(
  registry: Registry,
  spec: StrategySpec & { op: "pipeline" },
  context: SelectContext,
  pool: Pool,
  n: number,
): Promise<Selection> {
  const lead = findStrategy(registry, spec.score.use, context.scope);
  const notices: Notice[] = [];
  let eligible = pool.eligible;
  let keep = spec.design.use === TOP_K_DESIGN ? n : CANDIDATES_MAX;
  let isKeepAsked = spec.design.use === TOP_K_DESIGN;
  for (const [i, stage] of (spec.filter ?? []).entries()) {
    const filter = findFilter(registry, stage.use, context.scope);
    const size = Math.max(n, filter.keep(stage.options ?? {}, n));
    if (filter.by === "utility") {
      if (spec.design.use !== TOP_K_DESIGN) keep = isKeepAsked ? Math.min(keep, size) : size;
      isKeepAsked = true;
      continue;
    }
    const random = randomOf(context, `filter.${i}`);
    eligible = bitmapFromRows(pool.n, sampleRows(rowsOfBitmap(eligible), size, pool.keys, random));
  }
  const narrowed: Pool = Object.create(pool, { eligible: { value: eligible } });
  const count = countBits(eligible);
  const own = await lead.scorer!(context, narrowed, spec.score.options ?? {});
  const { perCost } = spec.score;
  const scorer = perCost === undefined ? own : perCostScorer(own, pool.costs!, perCost.exponent);
  const candidates = await scorePool(context, narrowed, scorer, keep);
  if (!isKeepAsked && count > keep) {
    notices.push({
      code: "CANDIDATES_TRUNCATED",
      level: "warning",
      from: count,
      to: keep,
      rule: "utility",
      of: "candidates",
    });
  }
  const selection = await designWith(registry, spec.design, context, narrowed, candidates, n);
  const designed = { ...selection, notices: [...notices, ...selection.notices], summary: candidates.summary };
  if (spec.assign === undefined) return designed;
  const assigner = findAssigner(registry, spec.assign.use, context.scope);
  return assigner.assign(context, pool, designed, spec.assign.options ?? {});
}

async function designWith(
  registry: Registry,
  stage: StageRef,
  context: SelectContext,
  pool: Pool,
  candidates: Candidates,
  n: number,
): Promise<Selection> {
  if (stage.use === TOP_K_DESIGN) return selectionOfTop(candidates, n);
  const design = findStrategy(registry, stage.use, context.scope).design!;
  return design(context, pool, candidates, n, stage.options ?? {});
}
