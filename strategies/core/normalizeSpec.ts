import { canonicalJson } from "./canonicalJson";
import { hash128Hex } from "./hash128";
import { completeOptions, resolveOptions } from "./resolveOptions";
import { StrategyError } from "./strategyError";
import type {
  Assigner,
  AuditSpec,
  Filter,
  JsonValue,
  PerCost,
  Registry,
  ScoreStage,
  StageRef,
  StrataTarget,
  Strategy,
  StrategySpec,
  SwitchRule,
} from "./types";

/** Format of the text that is hashed; raised when the meaning of a spec's fields changes. */
const SPEC_FORMAT = 1;

export const SPEC_DEPTH_MAX = 8;
export const SPEC_PARTS_MAX = 32;

/** The design that takes the candidates in the order of their utility. */
export const TOP_K_DESIGN = "top-k";

/** Groups of rows that strata by cluster are made of. */
const STRATA_CLUSTERS_DEFAULT = 5;
const STRATA_CLUSTERS_MAX = 1000;

/** Powers of the cost beyond this let the cost alone decide. */
const COST_EXPONENT_MAX = 10;

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
    case "strata":
      return normalizeStrata(registry, node, path, depth);
    default:
      throw fault(
        `${path}.op`,
        `expected "single", "pipeline", "mix", "schedule" or "strata", got ${JSON.stringify(node.op)}`,
      );
  }
}

function normalizePipeline(registry: Registry, node: Fields, path: string): StrategySpec {
  onlyFields(node, ["op", "filter", "score", "design", "assign"], path);
  const score = fieldsOf(node.score, `${path}.score`);
  onlyFields(score, ["use", "options", "perCost"], `${path}.score`);
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
    score: normalizeScore(scorer, score, `${path}.score`),
    design: normalizeDesign(registry, node.design, `${path}.design`),
    ...(node.assign === undefined ? {} : { assign: normalizeAssign(registry, node.assign, `${path}.assign`) }),
  };
}

function normalizeScore(scorer: Strategy, score: Fields, path: string): ScoreStage {
  const stage = { use: scorer.id, options: completeOptions(scorer, score.options, `${path}.options`) };
  return score.perCost === undefined ? stage : { ...stage, perCost: perCostSpec(score.perCost, `${path}.perCost`) };
}

function perCostSpec(value: unknown, path: string): PerCost {
  const perCost = fieldsOf(value, path);
  onlyFields(perCost, ["exponent"], path);
  const fits = (x: number) => x > 0 && x <= COST_EXPONENT_MAX;
  return {
    exponent:
      perCost.exponent === undefined
        ? 1
        : numberIn(perCost.exponent, `${path}.exponent`, fits, `a number above 0 and at most ${COST_EXPONENT_MAX}`),
  };
}

function normalizeAssign(registry: Registry, value: unknown, path: string): StageRef {
  const assign = stageFields(value, path);
  const found = findAssigner(registry, assign.use, `${path}.use`);
  return { use: found.id, options: resolveOptions(found.options, assign.options, `${path}.options`) };
}

function normalizeStrata(registry: Registry, node: Fields, path: string, depth: number): StrategySpec {
  onlyFields(node, ["op", "by", "target", "clusters", "of"], path);
  const kinds = ["predictedClass", "cluster", "group"] as const;
  const by = kinds.find((kind) => kind === node.by);
  if (by === undefined)
    throw fault(`${path}.by`, `expected one of ${kinds.join(", ")}, got ${JSON.stringify(node.by)}`);
  if (by !== "cluster" && node.clusters !== undefined) {
    throw fault(`${path}.clusters`, `belongs to strata by cluster; these are by ${by}`);
  }
  const isCount = (x: number) => Number.isInteger(x) && x >= 1 && x <= STRATA_CLUSTERS_MAX;
  const clusters =
    by !== "cluster"
      ? {}
      : node.clusters === undefined
        ? { clusters: STRATA_CLUSTERS_DEFAULT }
        : {
            clusters: numberIn(
              node.clusters,
              `${path}.clusters`,
              isCount,
              `an integer from 1 to ${STRATA_CLUSTERS_MAX}`,
            ),
          };
  return {
    op: "strata",
    by,
    target: strataTarget(node.target ?? "uniform", `${path}.target`),
    ...clusters,
    of: normalizeNode(registry, node.of, `${path}.of`, depth + 1),
  };
}

function strataTarget(value: unknown, path: string): StrataTarget {
  if (value === "uniform" || value === "natural") return value;
  if (!Array.isArray(value)) {
    throw fault(path, `expected "uniform", "natural" or a list of shares, got ${JSON.stringify(value)}`);
  }
  const shares = value.map((share, i) => numberIn(share, `${path}[${i}]`, (x) => x >= 0 && x < 1e9, "a number ≥ 0"));
  if (!shares.some((share) => share > 0)) throw fault(path, "expected at least one share above 0");
  return shares;
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
    const found = [...registry.strategies, ...registry.filters, ...(registry.assigners ?? [])].find(
      (entry) => entry.id === id,
    );
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
      return [
        ...(spec.filter ?? []).map((stage) => stage.use),
        ...withUsed(spec.score),
        ...withUsed(spec.design),
        ...(spec.assign === undefined ? [] : [spec.assign.use]),
      ];
    case "strata":
      return usedIds(registry, spec.of);
    case "mix":
      return spec.parts.flatMap((part) => usedIds(registry, part.of));
    case "schedule":
      return [...usedIds(registry, spec.before), ...usedIds(registry, spec.after)];
  }
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

export function findAssigner(registry: Registry, id: unknown, path: string): Assigner {
  const assigners = registry.assigners ?? [];
  const found = assigners.find((assigner) => assigner.id === id);
  if (found !== undefined) return found;
  const known = assigners.map((assigner) => assigner.id).join(", ");
  throw new StrategyError("E_UNKNOWN_STRATEGY", `${path}: no assignment ${JSON.stringify(id)}; known: ${known}.`);
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
