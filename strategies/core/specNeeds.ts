import { unmetNeeds } from "./guardPool";
import { labelCounts } from "./labelCounts";
import { CANDIDATES_MAX, findStrategy, TOP_K_DESIGN } from "./normalizeSpec";
import { STRATA_ARRAYS, STRATA_FIT_ROWS } from "./strata";
import type {
  CostEstimate,
  Needs,
  Pool,
  PoolArray,
  PoolDims,
  Registry,
  StageRef,
  StrategySpec,
  SwitchRule,
  TaskKind,
  UnmetNeed,
} from "./types";

/** Groups assumed where their number is not known before running. */
const STRATA_GUESS = 10;

/** The arrays any branch of a spec may read: what a caller has to load or offer. */
export function specArrays(registry: Registry, spec: StrategySpec): PoolArray[] {
  const arrays = new Set<PoolArray>();
  const visit = (node: StrategySpec): void => {
    if (node.op === "mix") for (const part of node.parts) visit(part.of);
    else if (node.op === "schedule") {
      arrays.add("labels");
      visit(node.before);
      visit(node.after);
    } else if (node.op === "strata") {
      for (const array of STRATA_ARRAYS[node.by]) arrays.add(array);
      visit(node.of);
    } else for (const array of stageNeeds(registry, node).arrays) arrays.add(array);
  };
  visit(spec);
  return [...arrays].sort();
}

/**
 * What keeps a spec from running on this pool; empty when it can. A schedule can run when its main branch can (and
 * its rule is met) or its cold start can.
 */
export function specUnmetNeeds(registry: Registry, spec: StrategySpec, pool: Pool): UnmetNeed[] {
  switch (spec.op) {
    case "single":
    case "pipeline":
      return unmetNeeds(stageNeeds(registry, spec, pool.taskKind), pool);
    case "mix":
      return spec.parts.flatMap((part) => specUnmetNeeds(registry, part.of, pool));
    case "strata":
      return [...unmetNeeds({ arrays: STRATA_ARRAYS[spec.by] }, pool), ...specUnmetNeeds(registry, spec.of, pool)];
    case "schedule": {
      const rule = unmetRule(spec.until, pool);
      const main = specUnmetNeeds(registry, spec.after, pool);
      return rule.length === 0 && main.length === 0 ? [] : specUnmetNeeds(registry, spec.before, pool);
    }
  }
}

/** Union of the needs of the stages of a single strategy or a pipeline. */
export function stageNeeds(
  registry: Registry,
  spec: StrategySpec & { op: "single" | "pipeline" },
  taskKind?: TaskKind,
): Needs {
  const stages = spec.op === "single" ? [spec] : [spec.score, spec.design];
  const needs = stages
    .filter((stage) => stage.use !== TOP_K_DESIGN)
    .map((stage) => findStrategy(registry, stage.use, "spec").needs(stage.options ?? {}, taskKind));
  const perCost: PoolArray[] = spec.op === "pipeline" && spec.score.perCost !== undefined ? ["costs"] : [];
  return {
    arrays: [...new Set([...needs.flatMap((need) => need.arrays), ...perCost])],
    minLabels: Math.max(0, ...needs.map((need) => need.minLabels ?? 0)),
    minClasses: Math.max(0, ...needs.map((need) => need.minClasses ?? 0)),
  };
}

/**
 * What running a spec costs at most: operations of all parts that may run in one round, bytes of the hungriest of them,
 * since they run one after the other.
 * @param spec from {@link normalizeSpec}.
 */
export function specCost(registry: Registry, spec: StrategySpec, dims: PoolDims): CostEstimate {
  const costOf = (stage: StageRef, stageDims: PoolDims): CostEstimate =>
    stage.use === TOP_K_DESIGN
      ? { flops: 0, bytes: 0 }
      : findStrategy(registry, stage.use, "spec").cost(stageDims, stage.options ?? {});
  const joined = (costs: readonly CostEstimate[]): CostEstimate => ({
    flops: costs.reduce((sum, cost) => sum + cost.flops, 0),
    bytes: Math.max(0, ...costs.map((cost) => cost.bytes)),
  });
  switch (spec.op) {
    case "single":
      return costOf(spec, dims);
    case "pipeline": {
      const keep = Math.min(dims.eligible, CANDIDATES_MAX);
      const score = costOf(spec.score, {
        ...dims,
        batchSize: spec.design.use === TOP_K_DESIGN ? dims.batchSize : keep,
      });
      return joined([score, costOf(spec.design, { ...dims, eligible: keep })]);
    }
    case "mix":
      return joined(spec.parts.map((part) => specCost(registry, part.of, dims)));
    case "strata": {
      // One pass per stratum, at most one for each place of the batch.
      const passes = Math.min(dims.batchSize, spec.by === "predictedClass" ? Math.max(1, dims.nClasses) : STRATA_GUESS);
      const inner = specCost(registry, spec.of, dims);
      const width = spec.by === "cluster" ? dims.embeddingDim * (spec.clusters ?? 1) : dims.nClasses;
      return {
        flops: inner.flops * passes + 2 * dims.eligible * width,
        bytes: inner.bytes + 5 * (dims.eligible + dims.labelled) + 4 * STRATA_FIT_ROWS * dims.embeddingDim,
      };
    }
    case "schedule": {
      const before = specCost(registry, spec.before, dims);
      const after = specCost(registry, spec.after, dims);
      return { flops: Math.max(before.flops, after.flops), bytes: Math.max(before.bytes, after.bytes) };
    }
  }
}

/**
 * The minima of a switch rule that are not met yet. In a multi-label pool a row counts for every class that applies; in
 * regression there are no classes, so the minima of classes are met.
 */
export function unmetRule(rule: SwitchRule, pool: Pool): UnmetNeed[] {
  const unmet: UnmetNeed[] = [];
  const want = (need: UnmetNeed["need"], required: number | undefined, have: number) => {
    if (required !== undefined && have < required) unmet.push({ need, required, have });
  };
  want("minLabels", rule.minLabels, pool.labelled.rows.length);
  const counts = labelCounts(pool);
  if (counts === undefined) return unmet;
  const seen = counts.filter((count) => count > 0);
  want("minClasses", rule.minClasses, seen.length);
  // Without a declared number of classes only the classes seen can be counted.
  const isEveryClassSeen = pool.nClasses > 0 ? seen.length === pool.nClasses : seen.length > 0;
  want("minPerClass", rule.minPerClass, isEveryClassSeen ? Math.min(...seen) : 0);
  return unmet;
}
