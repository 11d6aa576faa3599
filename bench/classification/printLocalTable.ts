import { readFileSync } from "node:fs";
import { argument } from "./arguments";
import { LOCAL_SETS } from "./localSets";
import { LOCAL_STRATEGIES, YEAST_STRATEGIES } from "./localStrategies";
import type { Estimate, LocalRun, Reference, ReferenceCurve } from "./localTable";
import { curveMean, estimate, isWithinNoise, largestDifference, pairedGain } from "./localTable";

/** Prints the local table as Markdown: `npx tsx bench/classification/printLocalTable.ts --runs runs.jsonl`. */
const runs = readFileSync(argument("runs"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as LocalRun);
const reference = JSON.parse(
  readFileSync(argument("reference", "test/golden/classification/local_reference_results.json"), "utf8"),
) as Reference;

/** What TAILOR is compared with: strategies that choose by one rule. */
const SINGLE_STRATEGIES = [
  "random",
  "margin",
  "least_confidence",
  "entropy",
  "badge",
  "coreset",
  "base",
  "cluster_margin",
  "galaxy",
  "mlp",
  "emal",
  "uncertain",
];

const lines: string[] = [];
const counts = { same: 0, within: 0, outside: [] as string[], open: 0 };
for (const set of [...LOCAL_SETS, "yeast"]) {
  lines.push(`### ${set}`, "");
  lines.push(
    "| strategy | seeds | mean (reference) | gain over random (reference) | agrees | rarest class (reference) |",
  );
  lines.push("| --- | --- | --- | --- | --- | --- |");
  for (const strategy of Object.keys(set === "yeast" ? YEAST_STRATEGIES : LOCAL_STRATEGIES))
    lines.push(row(set, strategy));
  lines.push("");
}
const PAIRS = [
  ["ldm_s", "margin"],
  ["ldm_s_default", "margin"],
  ["tailor", "margin"],
  ["tailor_unc", "margin"],
  ["tailor_default", "margin"],
  ["tailor_unc", "random_meta"],
  ["cluster_margin", "margin"],
  ["cluster_margin_default", "margin"],
] as const;
lines.push("### Paired gains over margin and random meta", "");
lines.push(`| set | ${PAIRS.map(([own, other]) => `${own} − ${other}`).join(" | ")} |`);
lines.push(`| --- |${" --- |".repeat(PAIRS.length)}`);
for (const set of LOCAL_SETS) {
  const cells = PAIRS.map(([own, other]) => gainText(pairedGain(runs, set, own, other)));
  lines.push(`| ${set} | ${cells.join(" | ")} |`);
}
lines.push("", "### Labels of the rarest class at the end", "");
lines.push("| set | tailor | tailor_default | most of the single strategies | tailor − that one, paired |");
lines.push("| --- | --- | --- | --- | --- |");
for (const set of [...LOCAL_SETS, "yeast"]) lines.push(balanceRow(set));
lines.push("", `Same curve: ${counts.same}; within noise: ${counts.within}; outside: ${counts.outside.length}`);
lines.push(`Outside: ${counts.outside.join(", ")}; not run or one seed: ${counts.open}.`);
process.stdout.write(`${lines.join("\n")}\n`);

function row(set: string, strategy: string): string {
  const own = runs.filter((run) => run.set === set && run.strategy === strategy);
  const known = reference.results[set].strategies[strategy] as ReferenceCurve | undefined;
  const inBrackets = (text: string) => (known === undefined ? "" : ` (${text})`);
  const knownMean = known === undefined ? "" : curveMean(known.test_mean).toFixed(3);
  if (own.length === 0) {
    if (known !== undefined) counts.open++;
    return `| ${strategy} | 0 | not run${inBrackets(knownMean)} | | | |`;
  }
  const mean = estimate(own.map((run) => curveMean(run.test))).mean.toFixed(3);
  const rarest = estimate(own.map((run) => run.rarest[run.rarest.length - 1]));
  const gain = pairedGain(runs, set, strategy, "random");
  const knownGain: Estimate = {
    n: known?.seeds.length ?? 0,
    mean: known?.curve_mean_minus_random ?? 0,
    error: known?.curve_mean_minus_random_se ?? null,
  };
  const cells = [
    strategy,
    `${own.length}${inBrackets(String(known?.seeds.length))}`,
    `${mean}${inBrackets(knownMean)}`,
    `${gainText(gain)}${inBrackets(gainText(knownGain))}`,
    known === undefined || gain === null ? "" : verdict(set, strategy, own, known, gain),
    `${rarest.mean.toFixed(1)}${inBrackets(known?.min_class_count_mean.at(-1)?.toFixed(1) ?? "")}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

function verdict(
  set: string,
  strategy: string,
  own: readonly LocalRun[],
  known: ReferenceCurve,
  gain: Estimate,
): string {
  const difference = own.length === known.seeds.length ? largestDifference(own, known) : Number.POSITIVE_INFINITY;
  if (difference < 2e-5) {
    counts.same++;
    return "same curve";
  }
  const within = strategy === "random" ? isLevelWithin(own, known) : isWithinNoise(gain, known);
  if (within === null) counts.open++;
  else if (within) counts.within++;
  else counts.outside.push(`${set} ${strategy}`);
  return within === null ? "one seed" : within ? "yes" : "**no**";
}

/** TAILOR's claim: as many labels of the rarest class as the strategy that finds most of them. */
function balanceRow(set: string): string {
  const final = (run: LocalRun) => run.rarest[run.rarest.length - 1];
  const meanOf = (strategy: string) => {
    const own = runs.filter((run) => run.set === set && run.strategy === strategy);
    return own.length === 0 ? null : estimate(own.map(final)).mean;
  };
  const best = SINGLE_STRATEGIES.map((strategy) => ({ strategy, mean: meanOf(strategy) ?? -1 })).reduce((a, b) =>
    b.mean > a.mean ? b : a,
  );
  const gain = pairedGain(runs, set, "tailor", best.strategy, final);
  const text = (value: number | null) => value?.toFixed(1) ?? "not run";
  const paired = gain === null ? "" : `${gain.mean.toFixed(1)} ± ${gain.error?.toFixed(1) ?? "?"} (${gain.n} seeds)`;
  return `| ${set} | ${text(meanOf("tailor"))} | ${text(meanOf("tailor_default"))} | ${best.strategy} ${text(best.mean)} | ${paired} |`;
}

/** For random itself, whose gain over random is 0: the level, with the spread of both over seeds. */
function isLevelWithin(own: readonly LocalRun[], known: ReferenceCurve): boolean | null {
  const level = estimate(own.map((run) => curveMean(run.test)));
  if (level.error === null) return null;
  return Math.abs(level.mean - curveMean(known.test_mean)) <= 2 * Math.SQRT2 * level.error;
}

/** In points, with the standard error over seeds. */
function gainText(gain: Estimate | null): string {
  if (gain === null) return "";
  const points = (100 * gain.mean).toFixed(1);
  const sign = gain.mean >= 0 ? "+" : "";
  return gain.error === null ? `${sign}${points}` : `${sign}${points} ± ${(100 * gain.error).toFixed(1)}`;
}
