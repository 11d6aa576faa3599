"use client";
import { Callout } from "@/app/_ui/Callout";
import { countOf, formatPercent } from "@/app/_ui/format";
import type { OverviewView } from "@/contracts/dashboards";
import type { ProjectStrategy } from "@/contracts/project";
import { sameJson } from "./mergeDraft";
import type { StrategyView } from "./strategyView";

/** What applying would change, before it is applied: the settings, and what becomes of the queue. */
export function StrategyChanges({
  before,
  after,
  strategies,
  overview,
}: {
  before: ProjectStrategy;
  after: ProjectStrategy;
  strategies: StrategyView[];
  overview: OverviewView | undefined;
}) {
  return (
    <Callout title="What changes">
      <ul className="flex list-disc flex-col gap-0.5 ps-4">
        {listChanges(before, after, strategies).map((line) => (
          <li key={line}>{line}</li>
        ))}
        {overview && (
          <li>
            {countOf(overview.queueOpen, "open entry", "open entries")} of the queue{" "}
            {overview.queueOpen === 1 ? "is" : "are"} chosen anew; {countOf(overview.queueLeased, "item")} on screens{" "}
            {overview.queueLeased === 1 ? "stays" : "stay"}.
          </li>
        )}
        <li>No label and no model is lost.</li>
      </ul>
    </Callout>
  );
}

function listChanges(before: ProjectStrategy, after: ProjectStrategy, strategies: StrategyView[]): string[] {
  const titleOf = (id: string) => strategies.find((s) => s.id === id)?.title ?? id;
  const lines: string[] = [];
  for (const [key, name] of [
    ["main", "Main strategy"],
    ["coldStart", "Cold start"],
  ] as const) {
    const [from, to] = [before[key], after[key]];
    if (from.id !== to.id) lines.push(`${name}: ${titleOf(from.id)} → ${titleOf(to.id)}`);
    else if (!sameJson(from.options, to.options)) lines.push(`${name}: other options of ${titleOf(to.id)}`);
  }
  const numbers: [keyof ProjectStrategy, string, (v: number) => string][] = [
    ["auditShare", "Random-audit share", formatPercent],
    ["batchSize", "Items per round", String],
    ["minLabels", "Labels before the main strategy", (v) => countOf(v, "label")],
    ["minClasses", "Classes among them", (v) => countOf(v, "class", "classes")],
  ];
  for (const [key, name, word] of numbers) {
    if (before[key] !== after[key])
      lines.push(`${name}: ${word(before[key] as number)} → ${word(after[key] as number)}`);
  }
  return lines;
}
