import type { Strategy } from "@/strategies";
import { registry } from "@/strategies";
import { resolveOptions } from "@/strategies/core/resolveOptions";
import { UsageError } from "../cliError";

/**
 * `winnow strategies`: what there is, as a table, at length or as JSON; of one strategy when it is named.
 * @throws UsageError for an unknown id.
 */
export function listStrategies(form: "short" | "long" | "json", id?: string): string {
  const strategies = registry.strategies.filter((strategy) => id === undefined || strategy.id === id);
  if (strategies.length === 0) throw new UsageError(`There is no strategy "${id}"; \`strategies\` lists them.`);
  if (form === "json") {
    const filters = registry.filters.map(({ id, version, title, options }) => ({ id, version, title, options }));
    return `${JSON.stringify({ strategies: strategies.map(described), filters }, null, 2)}\n`;
  }
  return form === "short" ? asTable(strategies) : atLength(strategies);
}

function asTable(strategies: readonly Strategy[]): string {
  const rows = strategies.map((strategy) => {
    const { arrays } = described(strategy).needs;
    return [strategy.id, arrays.length === 0 ? "nothing" : arrays.join(", "), strategy.summary];
  });
  const all = [["strategy", "needs", "what it does"], ...rows];
  const widths = [0, 1].map((column) => Math.max(...all.map((row) => row[column].length)));
  const lines = all.map(([name, needs, what]) => `${name.padEnd(widths[0])}  ${needs.padEnd(widths[1])}  ${what}`);
  return `${lines.join("\n")}\n\nMore: strategies ID, strategies --long, strategies --json.\n`;
}

function atLength(strategies: readonly Strategy[]): string {
  const lines = strategies.flatMap((strategy) => {
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
