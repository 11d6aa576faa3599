import { expect, test } from "vitest";
import { benchCase } from "@/bench/strategies/select.bench";
import { registry } from "@/strategies";

/** Every registered strategy on every kind of task it takes: one that is new is benchmarked here by being registered. */
const CASES = registry.strategies.flatMap(({ id, taskKinds }) => taskKinds.map((kind) => [id, kind] as const));

test.each(CASES)(
  "the benchmark of %s in %s projects runs and chooses the same rows each time",
  async (use, taskKind) => {
    const nClasses = taskKind === "regression" ? 0 : 4;
    const bench = { name: use, use, taskKind, n: 800, nClasses, dim: 8, batch: 20, labelled: 10 };
    const first = await benchCase(bench, 1);
    expect(first.picksHash).toMatch(/^[0-9a-f]{32}$/);
    expect((await benchCase(bench, 1)).picksHash).toBe(first.picksHash);
    expect(first.seconds).toBeGreaterThan(0);
  },
);
