import { readFileSync } from "node:fs";
import { argument } from "./arguments";
import { estimate } from "./localTable";
import { PUBLISHED } from "./publicSets";

/** Prints the public comparison as Markdown: `npx tsx bench/classification/printPublicTable.ts --runs public.jsonl`. */
interface PublicLine {
  readonly set: string;
  readonly seed: number;
  readonly areas: Readonly<Record<"random" | "margin" | "coreset", number>>;
}

const runs = readFileSync(argument("runs"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as PublicLine);
const lines = [
  "| set | seeds | random | margin − random (published) | Core-Set − random (published) |",
  "| --- | --- | --- | --- | --- |",
];
const means = {
  margin: [] as number[],
  coreset: [] as number[],
  knownMargin: [] as number[],
  knownCoreset: [] as number[],
};
for (const [set, known] of Object.entries(PUBLISHED)) {
  const own = runs.filter((run) => run.set === set);
  if (own.length === 0) {
    lines.push(`| ${set} | 0 | not run | (${points(known.margin)}) | (${points(known.coreset)}) |`);
    continue;
  }
  const margin = estimate(own.map((run) => run.areas.margin - run.areas.random));
  const coreset = estimate(own.map((run) => run.areas.coreset - run.areas.random));
  means.margin.push(margin.mean);
  means.coreset.push(coreset.mean);
  means.knownMargin.push(known.margin);
  means.knownCoreset.push(known.coreset);
  const level = estimate(own.map((run) => run.areas.random)).mean;
  const cell = (gain: typeof margin, published: number) =>
    `${points(gain.mean)}${gain.error === null ? "" : ` ± ${(100 * gain.error).toFixed(2)}`} (${points(published)})`;
  lines.push(
    `| ${set} | ${own.length} | ${level.toFixed(4)} | ${cell(margin, known.margin)} | ${cell(coreset, known.coreset)} |`,
  );
}
const mean = (values: readonly number[]) => points(estimate(values).mean);
lines.push(
  `| mean of these sets | | | ${mean(means.margin)} (${mean(means.knownMargin)}) | ${mean(means.coreset)} (${mean(means.knownCoreset)}) |`,
);
process.stdout.write(`${lines.join("\n")}\n`);

function points(value: number): string {
  return `${value >= 0 ? "+" : ""}${(100 * value).toFixed(2)}`;
}
