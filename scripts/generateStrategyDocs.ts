import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { OptionSchema, Strategy } from "@/strategies";
import { registry } from "@/strategies";
import { resolveOptions } from "@/strategies/core/resolveOptions";

/** Writes docs/reference/strategies.md from the registry; with --check it only says whether the file is fresh. */

export const STRATEGY_DOCS = join("docs", "reference", "strategies.md");

const INTRODUCTION = `# Acquisition strategies

This page is made from \`strategies/registry.ts\` by \`npx tsx scripts/generateStrategyDocs.ts\`.

An acquisition strategy chooses the items to label next. All share these rules:

- The same pool, spec and seed give the same picks on any machine and however the data is split. Randomness is keyed by
  item, ties go to the lowest item key.
- *Utility* is higher for items more worth labelling. The *score* is the method's own published quantity, which may run
  the other way; the table says which end is picked first.
- An *inclusion probability* is given where a pick was drawn at random; for deterministic choices there is none.
- Nothing falls back silently: a result says \`ok\`, \`partial\` (fewer rows than asked) or \`fallback\` (some rows chosen by
  another rule), with notices that carry the numbers.

## Composing

A spec is JSON. \`single\` runs one strategy; \`pipeline\` filters, scores, designs the batch and assigns it; \`mix\` gives
parts their shares and may audit; \`schedule\` starts with one spec and changes to another; \`strata\` fills the batch group
by group, so that labels come nearest to wanted shares.

\`\`\`json
{
  "op": "mix",
  "parts": [
    {
      "share": 1,
      "of": {
        "op": "schedule",
        "until": { "minLabels": 50, "minPerClass": 3 },
        "before": { "op": "single", "use": "typiclust" },
        "after": {
          "op": "pipeline",
          "filter": [{ "use": "top-utility", "options": { "factor": 10 } }],
          "score": { "use": "margin" },
          "design": { "use": "k-center-greedy" }
        }
      }
    }
  ],
  "audit": { "share": 0.1, "frameShare": 0.1 }
}
\`\`\`

**Audits.** Before the first draw a random part of the pool, \`frameShare\`, becomes the audit frame: an item belongs to it
by a hash of its key and the project's frame seed. Audit items are drawn at random from the frame and from nowhere else,
and no other part ever picks there. The audited labels are therefore, at any time and for any model, a simple random
sample of the pool, and the share of correct predictions on them estimates accuracy without bias. When the frame is
used up, its places go to the strategy; when everything else is used up, the frame is served for training. Both are told.

**Strata.** \`by\` says what the groups are: \`predictedClass\`, \`cluster\` (k-means on the embeddings, as many as
\`clusters\` says) or \`group\` (the pool's own). \`target\` is \`uniform\` (class-balanced), \`natural\` (keep the pool's
distribution) or a list of shares (quotas). Place by place goes to the group whose labels, the batch included, are farthest
below its share; \`of\` picks inside the group, so a random pick is drawn with probability quota / rows of the group.

\`\`\`json
{ "op": "strata", "by": "predictedClass", "target": "uniform", "of": { "op": "single", "use": "margin" } }
\`\`\`

**Costs.** \`"score": { "use": "margin", "perCost": { "exponent": 1 } }\` in a pipeline divides the utility by the item's cost
of labelling, raised to the exponent.

**Assignment.** \`"assign": { "use": "…" }\` in a pipeline orders the picks and says how many people answer each:
\`ranked\` (as designed), \`shuffled\` (what has been answered is at any time a fair picture of the batch),
\`extra-opinions\` (more than one answer on a share of them).

**Strategies that choose strategies.** \`tailor\`, \`albl\` and \`random-meta\` run others as *arms*. \`arms\` names them,
\`off\` switches some off, \`armOptions\` gives their options by id, \`perClass: "each"\` makes one arm of every class where a
strategy looks for one. What they learn is kept as a state between rounds; labels are credited when they come.
See [choosing among strategies](../explanation/choosing-among-strategies.md).

**Shares** of small batches are rounded at random, so that they hold on average, and the parts are interleaved, so that
they nearly hold for every prefix of the ranking.

`;

export function strategyDocs(): string {
  const table = [
    "| id | needs | tasks | score, and which end is picked first | as score stage | as design stage |",
    "| --- | --- | --- | --- | --- | --- |",
    ...registry.strategies.map((strategy) => {
      const needs = needsOf(strategy);
      return `| [\`${strategy.id}\`](#${strategy.id}) | ${needs} | ${strategy.taskKinds.join(", ")} | ${strategy.score.name}; ${strategy.score.better} | ${strategy.scorer ? "yes" : ""} | ${strategy.design ? "yes" : ""} |`;
    }),
  ];
  const filters = registry.filters.flatMap((filter) => [
    `### ${filter.id}`,
    "",
    `${filter.title}. Keeps rows by ${filter.by === "random" ? "a random draw" : "utility"}.`,
    "",
    ...optionTable(filter.options.properties),
  ]);
  const assigners = (registry.assigners ?? []).flatMap((assigner) => [
    `### ${assigner.id}`,
    "",
    `${assigner.title}.`,
    "",
    ...optionTable(assigner.options.properties),
  ]);
  return `${INTRODUCTION}## Overview\n\n${table.join("\n")}\n\n${registry.strategies.map(section).join("\n")}\n## Filters\n\n${filters.join("\n")}\n## Assignments\n\n${assigners.join("\n")}`;
}

function section(strategy: Strategy): string {
  const claims = [
    strategy.claims.random
      ? "Other seeds give other picks."
      : "Deterministic, except where a result says that items were drawn at random.",
    strategy.claims.inclusion ? "Gives exact inclusion probabilities." : "",
    strategy.claims.embeddingInvariance ? "Moving, scaling or turning all embeddings changes no pick." : "",
  ];
  return [
    `## ${strategy.id}`,
    "",
    `**${strategy.title}**, version ${strategy.version}. ${strategy.summary}`,
    "",
    ...(strategy.warning === undefined ? [] : [`> ${strategy.warning}`, ""]),
    `- When to use: ${strategy.whenToUse}`,
    `- When not: ${strategy.whenNot}`,
    `- Needs: ${needsOf(strategy)}`,
    `- Cost: ${strategy.costFormula}`,
    `- ${claims.filter((claim) => claim !== "").join(" ")}`,
    ...strategy.sources.map(({ authors, year, title, where }) => `- Source: ${authors} ${year}, *${title}*, ${where}`),
    ...strategy.differences.map((difference) => `- Differs: ${difference}`),
    "",
    ...optionTable(strategy.options.properties),
  ].join("\n");
}

function needsOf(strategy: Strategy): string {
  const { arrays } = strategy.needs(resolveOptions(strategy.options, undefined, "options"));
  return arrays.length === 0 ? "nothing" : arrays.join(", ");
}

function optionTable(options: Readonly<Record<string, OptionSchema>>): string[] {
  const entries = Object.entries(options);
  if (entries.length === 0) return [];
  return [
    "| option | values | default | |",
    "| --- | --- | --- | --- |",
    ...entries.map(
      ([name, option]) => `| \`${name}\` | ${valuesOf(option)} | \`${defaultOf(option)}\` | ${option.description} |`,
    ),
    "",
  ];
}

function defaultOf(option: OptionSchema): string {
  return option.type === "array" || option.type === "object" ? JSON.stringify(option.default) : String(option.default);
}

function valuesOf(option: OptionSchema): string {
  if (option.type === "boolean") return "true, false";
  if (option.type === "string") return option.enum.map((word) => (word === "" ? "empty" : `\`${word}\``)).join(", ");
  if (option.type === "object") return "an object by strategy";
  if (option.type === "array") {
    const { items } = option;
    return items.type === "string"
      ? `a list of: ${items.enum.map((word) => `\`${word}\``).join(", ")}`
      : `a list of numbers, each ${items.minimum} to ${items.maximum}`;
  }
  return `${option.type}, ${option.minimum} to ${option.maximum}`;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const path = resolve(fileURLToPath(import.meta.url), "..", "..", STRATEGY_DOCS);
  if (!process.argv.includes("--check")) writeFileSync(path, strategyDocs());
  else if (readFileSync(path, "utf8") !== strategyDocs()) {
    console.error(`${STRATEGY_DOCS} is stale; run npx tsx scripts/generateStrategyDocs.ts`);
    process.exitCode = 1;
  }
}
