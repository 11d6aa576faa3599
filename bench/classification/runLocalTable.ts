import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { cliKernels } from "@/bin/cliKernels";
import { activeRun } from "./activeRun";
import { argument, listArgument } from "./arguments";
import type { LocalSetName } from "./localSets";
import { LOCAL_SETS, readLocalSet } from "./localSets";
import { LOCAL_STRATEGIES } from "./localStrategies";
import type { LocalRun, Reference } from "./localTable";

/**
 * Runs the local table and appends one line of JSON per finished run; runs that the file already holds are not repeated:
 * `npx tsx bench/classification/runLocalTable.ts --data FOLDER --out runs.jsonl [--sets a,b] [--strategies a,b]
 * [--seeds 0,1,2] [--minutes 10]`. Seeds are the outer loop: strategies of a set always have nearly the same ones.
 */
const TOLERANCE = 1e-6;

const reference = JSON.parse(
  readFileSync(argument("reference", "test/golden/classification/local_reference_results.json"), "utf8"),
) as Reference;
const out = argument("out");
const lines = existsSync(out) ? readFileSync(out, "utf8").trim().split("\n") : [];
const done = new Set(
  lines.map((line) => {
    const run = JSON.parse(line) as LocalRun;
    return `${run.set}/${run.strategy}/${run.seed}`;
  }),
);
const stopAt = performance.now() + 60_000 * Number(argument("minutes", "100000"));
const { kernels } = await cliKernels(512 << 20);
const sets = listArgument("sets", LOCAL_SETS).flatMap((name) => {
  const set = readLocalSet(argument("data"), name as LocalSetName);
  if (typeof set !== "string") return [set];
  process.stdout.write(`${set}\n`);
  return [];
});
for (const seed of listArgument("seeds", ["0", "1", "2", "3", "4", "5"])) {
  for (const set of sets) {
    for (const strategy of listArgument("strategies", Object.keys(LOCAL_STRATEGIES))) {
      if (done.has(`${set.name}/${strategy}/${seed}`) || performance.now() > stopAt) continue;
      const published = reference.results[set.name];
      const begin = performance.now();
      const records = await activeRun(
        set,
        {
          spec: LOCAL_STRATEGIES[strategy],
          initial: reference.initial_lists[set.name][seed],
          batch: published.batch,
          rounds: published.num_labeled.length - 1,
          seed: `${set.name}/${seed}`,
          tolerance: TOLERANCE,
          dtype: "f32",
        },
        kernels,
      );
      const run: LocalRun = {
        set: set.name,
        strategy,
        seed: Number(seed),
        test: records.map((record) => Number(record.testBalancedAccuracy.toFixed(6))),
        pool: records.map((record) => Number(record.poolBalancedAccuracy.toFixed(6))),
        rarest: records.map((record) => Math.min(...record.classCounts)),
        selectSeconds: Number(records.reduce((sum, record) => sum + record.seconds, 0).toFixed(3)),
        notOk: records.filter((record) => record.status !== "ok" && record.status !== "end").length,
      };
      appendFileSync(out, `${JSON.stringify(run)}\n`);
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      process.stdout.write(`${set.name} ${strategy} ${seed}: ${run.test.at(-1)} (${seconds} s)\n`);
    }
  }
}
