import type { Strategy } from "@/strategies";
import { registry, resolveOptions } from "@/strategies";

/** A strategy as data: what forms and documentation show. */
export type StrategyView = Pick<
  Strategy,
  | "id"
  | "version"
  | "title"
  | "summary"
  | "whenToUse"
  | "whenNot"
  | "warning"
  | "taskKinds"
  | "score"
  | "options"
  | "costFormula"
  | "claims"
  | "sources"
  | "differences"
> & {
  /** What must be there before it can run, with its default options. */
  needs: ReturnType<Strategy["needs"]>;
};

/** Every registered strategy. */
export function listStrategies(): StrategyView[] {
  return registry.strategies.map((s) => ({
    id: s.id,
    version: s.version,
    title: s.title,
    summary: s.summary,
    whenToUse: s.whenToUse,
    whenNot: s.whenNot,
    warning: s.warning,
    taskKinds: s.taskKinds,
    score: s.score,
    options: s.options,
    costFormula: s.costFormula,
    claims: s.claims,
    sources: s.sources,
    differences: s.differences,
    needs: s.needs(resolveOptions(s.options, {}, s.id)),
  }));
}
