import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { cliKernels } from "@/bin/cliKernels";
import { argument, listArgument } from "./arguments";
import { publicRun } from "./publicRun";
import { areaUnderCurve, PUBLISHED, readPublicSet } from "./publicSets";

/**
 * Runs the public comparison on the sets at hand; appends one line of JSON per set and seed and repeats none:
 * `npx tsx bench/classification/runPublicComparison.ts --data FOLDER --out public.jsonl [--sets a,b] [--seeds 20]
 * [--minutes 10]`.
 */
const SPECS = {
  random: { op: "single", use: "random" },
  margin: { op: "single", use: "margin" },
  coreset: { op: "single", use: "k-center-greedy" },
};

const out = argument("out");
const lines = existsSync(out) ? readFileSync(out, "utf8").trim().split("\n") : [];
const done = new Set(
  lines.map((line) => {
    const { set, seed } = JSON.parse(line) as { set: string; seed: number };
    return `${set}/${seed}`;
  }),
);
const stopAt = performance.now() + 60_000 * Number(argument("minutes", "100000"));
const { kernels } = await cliKernels(128 << 20);
for (let seed = 0; seed < Number(argument("seeds", "20")); seed++) {
  for (const name of listArgument("sets", Object.keys(PUBLISHED))) {
    if (done.has(`${name}/${seed}`) || performance.now() > stopAt) continue;
    const set = readPublicSet(argument("data"), name);
    if (typeof set === "string") {
      if (seed === 0) process.stdout.write(`${set}\n`);
      continue;
    }
    const begin = performance.now();
    const curves = await publicRun(set, SPECS, seed, kernels);
    const areas = Object.fromEntries(
      Object.entries(curves).map(([strategy, curve]) => [strategy, Number(areaUnderCurve(curve).toFixed(6))]),
    );
    appendFileSync(out, `${JSON.stringify({ set: name, n: set.n, d: set.d, seed, areas })}\n`);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    process.stdout.write(`${name} ${seed}: ${JSON.stringify(areas)} (${seconds} s)\n`);
  }
}
