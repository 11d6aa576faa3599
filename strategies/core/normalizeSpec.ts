import { canonicalJson } from "./canonicalJson";
import { unmetNeeds } from "./guardPool";
import { hash128Hex } from "./hash128";
import { labelCounts } from "./labelCounts";
import { completeOptions, resolveOptions } from "./resolveOptions";
import { StrategyError } from "./strategyError";
import type {
  AuditSpec,
  CostEstimate,
  Filter,
  JsonValue,
  Needs,
  Pool,
  PoolArray,
  PoolDims,
  Registry,
  StageRef,
  Strategy,
  StrategySpec,
  SwitchRule,
  UnmetNeed,
} from "./types";

/** Format of the text that is hashed; raised when the meaning of a spec's fields changes. */
const SPEC_FORMAT = 1;

export const SPEC_DEPTH_MAX = 8;
export const SPEC_PARTS_MAX = 32;

/** The design that takes the candidates in the order of their utility. */
export const TOP_K_DESIGN = "top-k";

/** Rows that reach a design stage when no filter says otherwise. */
export const CANDIDATES_MAX = 50_000;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks a spec and fills in every default, so that what is stored says everything that decides the picks. Normalizing
 * twice changes nothing.
 *
 * @throws E_SPEC, E_OPTIONS or E_UNKNOWN_STRATEGY; the message starts with the path of the fault, such as
 *         "spec.parts[0].of.use".
 */
export function normalizeSpec(registry: Registry, spec: unknown): StrategySpec {
  return normalizeNode(registry, spec, "spec", 0);
}

function normalizeNode(registry: Registry, value: unknown, path: string, depth: number): StrategySpec {
  if (depth >= SPEC_DEPTH_MAX) throw fault(path, `specs may be nested ${SPEC_DEPTH_MAX} deep`);
  const node = fieldsOf(value, path);
  switch (node.op) {
    case "single": {
      onlyFields(node, ["op", "use", "options"], path);
      const strategy = findStrategy(registry, node.use, `${path}.use`);
      return {
        op: "single",
        use: strategy.id,
        options: completeOptions(strategy, node.options, `${path}.options`),
      };
    }
    case "pipeline":
      return normalizePipeline(registry, node, path);
    case "mix":
      return normalizeMix(registry, node, path, depth);
    case "schedule": {
      onlyFields(node, ["op", "until", "before", "after"], path);
      return {
        op: "schedule",
        until: switchRule(node.until, `${path}.until`),
        before: normalizeNode(registry, node.before, `${path}.before`, depth + 1),
        after: normalizeNode(registry, node.after, `${path}.after`, depth + 1),
      };
    }
    default:
      throw fault(`${path}.op`, `expected "single", "pipeline", "mix" or "schedule", got ${JSON.stringify(node.op)}`);
  }
}

function normalizePipeline(registry: Registry, node: Fields, path: string): StrategySpec {
  onlyFields(node, ["op", "filter", "score", "design"], path);
  const score = stageFields(node.score, `${path}.score`);
  const scorer = findStrategy(registry, score.use, `${path}.score.use`);
  if (scorer.scorer === undefined) {
    const usable = registry.strategies.filter((strategy) => strategy.scorer !== undefined).map((entry) => entry.id);
    throw fault(`${path}.score.use`, `"${scorer.id}" gives no item-wise score; usable: ${usable.join(", ")}`);
  }
  const filters = node.filter === undefined ? [] : listOf(node.filter, `${path}.filter`);
  let sawUtility = false;
  const filter = filters.map((entry, i): StageRef => {
    const at = `${path}.filter[${i}]`;
    const fields = stageFields(entry, at);
    const found = findFilter(registry, fields.use, `${at}.use`);
    if (found.by === "random" && sawUtility) throw fault(at, "a random filter must come before one by utility");
    sawUtility ||= found.by === "utility";
    return { use: found.id, options: resolveOptions(found.options, fields.options, `${at}.options`) };
  });
  return {
    op: "pipeline",
    filter,
    score: { use: scorer.id, options: completeOptions(scorer, score.options, `${path}.score.options`) },
    design: normalizeDesign(registry, node.design, `${path}.design`),
  };
}

function normalizeDesign(registry: Registry, value: unknown, path: string): StageRef {
  const design = stageFields(value, path);
  if (design.use === TOP_K_DESIGN) {
    resolveOptions({ type: "object", additionalProperties: false, properties: {} }, design.options, `${path}.options`);
    return { use: TOP_K_DESIGN, options: {} };
  }
  const strategy = findStrategy(registry, design.use, `${path}.use`);
  if (strategy.design === undefined) {
    const usable = registry.strategies.filter((entry) => entry.design !== undefined).map((entry) => entry.id);
    throw fault(`${path}.use`, `"${strategy.id}" is no batch design; usable: ${[TOP_K_DESIGN, ...usable].join(", ")}`);
  }
  return { use: strategy.id, options: completeOptions(strategy, design.options, `${path}.options`) };
}

function normalizeMix(registry: Registry, node: Fields, path: string, depth: number): StrategySpec {
  onlyFields(node, ["op", "parts", "audit"], path);
  const parts = listOf(node.parts, `${path}.parts`);
  if (parts.length < 1 || parts.length > SPEC_PARTS_MAX) {
    throw fault(`${path}.parts`, `expected 1 to ${SPEC_PARTS_MAX} parts, got ${parts.length}`);
  }
  const normalized = parts.map((entry, i) => {
    const at = `${path}.parts[${i}]`;
    const part = fieldsOf(entry, at);
    onlyFields(part, ["share", "of"], at);
    return {
      share: numberIn(part.share, `${at}.share`, (share) => share > 0 && share <= 1, "a number above 0 and at most 1"),
      of: normalizeNode(registry, part.of, `${at}.of`, depth + 1),
    };
  });
  if (node.audit === undefined) return { op: "mix", parts: normalized };
  if (depth > 0) throw fault(`${path}.audit`, "only the outermost mix may have an audit share");
  return { op: "mix", parts: normalized, audit: auditSpec(node.audit, `${path}.audit`) };
}

function auditSpec(value: unknown, path: string): AuditSpec {
  const audit = fieldsOf(value, path);
  onlyFields(audit, ["share", "frameShare"], path);
  const inside = (x: number) => x > 0 && x < 1;
  return {
    share: numberIn(audit.share, `${path}.share`, inside, "a number above 0 and below 1"),
    frameShare: numberIn(audit.frameShare, `${path}.frameShare`, inside, "a number above 0 and below 1"),
  };
}

function switchRule(value: unknown, path: string): SwitchRule {
  const rule = fieldsOf(value, path);
  const names = ["minLabels", "minClasses", "minPerClass"] as const;
  onlyFields(rule, names, path);
  const given = names.filter((name) => rule[name] !== undefined);
  if (given.length === 0) throw fault(path, `expected at least one of ${names.join(", ")}`);
  const isCount = (x: number) => Number.isInteger(x) && x >= 0;
  return Object.fromEntries(
    given.map((name) => [name, numberIn(rule[name], `${path}.${name}`, isCount, "an integer ≥ 0")]),
  );
}

/**
 * The name of a spec: 32 hex digits over the filled-in spec and the versions of everything in it.
 * @param spec from {@link normalizeSpec}.
 */
export function specHash(registry: Registry, spec: StrategySpec): string {
  const versions: Record<string, number> = {};
  for (const id of usedIds(registry, spec)) {
    const found = [...registry.strategies, ...registry.filters].find((entry) => entry.id === id);
    if (found !== undefined) versions[id] = found.version;
  }
  return hash128Hex(canonicalJson({ format: SPEC_FORMAT, spec: spec as unknown as JsonValue, versions }));
}

function usedIds(registry: Registry, spec: StrategySpec): string[] {
  const withUsed = (stage: StageRef): string[] => {
    const found = registry.strategies.find((entry) => entry.id === stage.use);
    return [stage.use, ...(found?.uses?.(stage.options ?? {}) ?? [])];
  };
  switch (spec.op) {
    case "single":
      return withUsed(spec);
    case "pipeline":
      return [...(spec.filter ?? []).map((stage) => stage.use), ...withUsed(spec.score), ...withUsed(spec.design)];
    case "mix":
      return spec.parts.flatMap((part) => usedIds(registry, part.of));
    case "schedule":
      return [...usedIds(registry, spec.before), ...usedIds(registry, spec.after)];
  }
}

/** The arrays any branch of a spec may read: what a caller has to load or offer. */
export function specArrays(registry: Registry, spec: StrategySpec): PoolArray[] {
  const arrays = new Set<PoolArray>();
  const visit = (node: StrategySpec): void => {
    if (node.op === "mix") for (const part of node.parts) visit(part.of);
    else if (node.op === "schedule") {
      arrays.add("labels");
      visit(node.before);
      visit(node.after);
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
      return unmetNeeds(stageNeeds(registry, spec), pool);
    case "mix":
      return spec.parts.flatMap((part) => specUnmetNeeds(registry, part.of, pool));
    case "schedule": {
      const rule = unmetRule(spec.until, pool);
      const main = specUnmetNeeds(registry, spec.after, pool);
      return rule.length === 0 && main.length === 0 ? [] : specUnmetNeeds(registry, spec.before, pool);
    }
  }
}

/** Union of the needs of the stages of a single strategy or a pipeline. */
export function stageNeeds(registry: Registry, spec: StrategySpec & { op: "single" | "pipeline" }): Needs {
  const stages = spec.op === "single" ? [spec] : [spec.score, spec.design];
  const needs = stages
    .filter((stage) => stage.use !== TOP_K_DESIGN)
    .map((stage) => findStrategy(registry, stage.use, "spec").needs(stage.options ?? {}));
  return {
    arrays: [...new Set(needs.flatMap((need) => need.arrays))],
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

export function findStrategy(registry: Registry, id: unknown, path: string): Strategy {
  const found = registry.strategies.find((strategy) => strategy.id === id);
  if (found !== undefined) return found;
  const known = registry.strategies.map((strategy) => strategy.id).join(", ");
  throw new StrategyError("E_UNKNOWN_STRATEGY", `${path}: no strategy ${JSON.stringify(id)}; known: ${known}.`);
}

export function findFilter(registry: Registry, id: unknown, path: string): Filter {
  const found = registry.filters.find((filter) => filter.id === id);
  if (found !== undefined) return found;
  const known = registry.filters.map((filter) => filter.id).join(", ");
  throw new StrategyError("E_UNKNOWN_STRATEGY", `${path}: no filter ${JSON.stringify(id)}; known: ${known}.`);
}

function stageFields(value: unknown, path: string): Fields {
  const fields = fieldsOf(value, path);
  onlyFields(fields, ["use", "options"], path);
  return fields;
}

function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw fault(path, `expected an object, got ${value === undefined ? "nothing" : JSON.stringify(value)}`);
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw fault(path, `expected a list, got ${value === undefined ? "nothing" : JSON.stringify(value)}`);
}

function onlyFields(fields: Fields, allowed: readonly string[], path: string): void {
  for (const name of Object.keys(fields)) {
    if (!allowed.includes(name)) throw fault(`${path}.${name}`, `no such field; allowed: ${allowed.join(", ")}`);
  }
}

function numberIn(value: unknown, path: string, fits: (x: number) => boolean, expected: string): number {
  if (typeof value === "number" && fits(value)) return value;
  throw fault(path, `expected ${expected}, got ${value === undefined ? "nothing" : JSON.stringify(value)}`);
}

function fault(path: string, message: string): StrategyError {
  return new StrategyError("E_SPEC", `${path}: ${message}.`);
}
