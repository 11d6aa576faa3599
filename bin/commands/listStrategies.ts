import type { Strategy } from "@/strategies";
import { registry } from "@/strategies";
import { resolveOptions } from "@/strategies/core/resolveOptions";

/** `winnow strategies`: what there is, as text or as JSON. */
export function listStrategies(isJson: boolean): string {
  if (isJson) {
    return `${JSON.stringify({ strategies: registry.strategies.map(described), filters: registry.filters.map(({ id, version, title, options }) => ({ id, version, title, options })) }, null, 2)}\n`;
  }
  const lines = registry.strategies.flatMap((strategy) => {
    const { needs, options } = described(strategy);
    const defaults = Object.entries(options.properties).map(([name, option]) => `${name}=${shown(option.default)}`);
    return [
      `${strategy.id}  (${strategy.title})`,
      `  ${strategy.summary}`,
      `  needs:   ${needs.arrays.length === 0 ? "nothing" : needs.arrays.join(", ")}`,
      `  tasks:   ${strategy.taskKinds.join(", ")}`,
      `  score:   ${strategy.score.name}; ${strategy.score.better} is picked first`,
      `  options: ${defaults.length === 0 ? "none" : defaults.join(" ")}`,
      `  cost:    ${strategy.costFormula}`,
      ...(strategy.warning === undefined ? [] : [`  warning: ${strategy.warning}`]),
      ...strategy.sources.map(
        (source) => `  source:  ${source.authors} ${source.year}, ${source.title}, ${source.where}`,
      ),
      "",
    ];
  });
  return `${lines.join("\n")}`;
}

function shown(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function described(strategy: Strategy) {
  const defaults = resolveOptions(strategy.options, undefined, "options");
  return {
    id: strategy.id,
    version: strategy.version,
    title: strategy.title,
    summary: strategy.summary,
    whenToUse: strategy.whenToUse,
    whenNot: strategy.whenNot,
    warning: strategy.warning ?? null,
    needs: strategy.needs(defaults),
    options: strategy.options,
    taskKinds: strategy.taskKinds,
    score: strategy.score,
    cost: strategy.costFormula,
    claims: strategy.claims,
    isScorer: strategy.scorer !== undefined,
    isDesigner: strategy.design !== undefined,
    sources: strategy.sources,
    differences: strategy.differences,
  };
}
