import { appendFileSync, readFileSync } from "node:fs";
import { cliKernels } from "@/bin/cliKernels";
import { argument, listArgument } from "./arguments";
import { YEAST_STRATEGIES } from "./localStrategies";
import type { LocalRun, Reference } from "./localTable";
import { multiLabelRun, readYeast } from "./multiLabelRun";

/**
 * The multi-label column of the local table, appended to the same file:
 * `npx tsx bench/classification/runYeast.ts --data FOLDER --out runs.jsonl [--strategies a,b] [--seeds 0,1,2]`.
 */
const reference = JSON.parse(
  readFileSync(argument("reference", "test/golden/classification/local_reference_results.json"), "utf8"),
) as Reference;
const set = readYeast(argument("data"));
if (typeof set === "string") {
  process.stdout.write(`${set}\n`);
} else {
  const { kernels } = await cliKernels(128 << 20);
  const published = reference.results.yeast;
  for (const seed of listArgument("seeds", ["0", "1", "2", "3", "4", "5"])) {
    for (const strategy of listArgument("strategies", Object.keys(YEAST_STRATEGIES))) {
      const records = await multiLabelRun(
        set,
        {
          spec: YEAST_STRATEGIES[strategy],
          initial: reference.initial_lists.yeast[seed],
          batch: published.batch,
          rounds: published.num_labeled.length - 1,
          seed: `yeast/${seed}`,
          tolerance: 1e-6,
          dtype: "f32",
        },
        kernels,
      );
      const run: LocalRun = {
        set: "yeast",
        strategy,
        seed: Number(seed),
        test: records.map((record) => Number(record.test.toFixed(6))),
        pool: records.map((record) => Number(record.pool.toFixed(6))),
        rarest: records.map((record) => record.rarest),
        selectSeconds: Number(records.reduce((sum, record) => sum + record.seconds, 0).toFixed(3)),
        notOk: records.filter((record) => record.status !== "ok" && record.status !== "end").length,
      };
      appendFileSync(argument("out"), `${JSON.stringify(run)}\n`);
      process.stdout.write(`yeast ${strategy} ${seed}: ${run.test.at(-1)}\n`);
    }
  }
}
