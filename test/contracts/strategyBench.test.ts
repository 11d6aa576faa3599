import { expect, test } from "vitest";
import { benchCase } from "@/bench/strategies/select.bench";

test.each([
  ["margin", 4, 0],
  ["random", 4, 0],
  ["k-center-greedy", 0, 8],
  ["typiclust", 0, 8],
  ["margin-kmeans", 4, 8],
  ["badge", 4, 8],
  ["bait", 4, 8],
  ["cluster-margin", 4, 8],
  ["probcover", 4, 8],
  ["v-optimality", 4, 8],
  ["margin-pivotal", 4, 8],
  ["density-weighted", 4, 8],
  ["sensitivity", 4, 8],
  ["dpp-map", 4, 8],
  ["ldm-s", 4, 8],
  ["ldm", 4, 8],
  ["bald", 4, 8],
  ["batch-bald", 4, 8],
  ["epig", 4, 8],
  ["base", 4, 8],
  ["mase", 4, 8],
  ["tilted", 4, 0],
])("the benchmark of %s runs and chooses the same rows each time", async (use, nClasses, dim) => {
  const bench = { name: use, use, n: 2_000, nClasses, dim, batch: 20, labelled: 10 };
  const first = await benchCase(bench, 1);
  expect(first.picksHash).toMatch(/^[0-9a-f]{32}$/);
  expect((await benchCase(bench, 1)).picksHash).toBe(first.picksHash);
  expect(first.seconds).toBeGreaterThan(0);
});
