import { beforeAll, describe, expect, test } from "vitest";
import type { Pool } from "@/strategies";
import { arrayMatrix, bitmapFromRows, KeyedRandom, runSpec } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import { KERNELS } from "@/test/contracts/strategyPools";
import { greedyJoint } from "../batch-bald/jointEntropy";
import { plogp } from "../core/posteriorScores";

/** n × samples × nClasses predictions; `distinct` rows differ, later ones repeat them. */
function predictions(n: number, samples: number, nClasses: number, seed: string, distinct = n): Float64Array {
  const random = new KeyedRandom(seed, "q");
  const q = new Float64Array(n * samples * nClasses);
  for (let i = 0; i < n; i++) {
    for (let s = 0; s < samples; s++) {
      const row = Array.from({ length: nClasses }, (_, c) => Math.exp(4 * random.uniform(i % distinct, s * 100 + c)));
      const total = row.reduce((sum, value) => sum + value, 0);
      q.set(
        row.map((value) => value / total),
        (i * samples + s) * nClasses,
      );
    }
  }
  return q;
}

function poolOf(
  q: Float64Array,
  n: number,
  samples: number,
  nClasses: number,
  make: typeof Float32Array | typeof Float64Array,
): Pool {
  const sample = (s: number) => {
    const values = new make(n * nClasses);
    for (let i = 0; i < n; i++) {
      values.set(q.subarray((i * samples + s) * nClasses, (i * samples + s + 1) * nClasses), i * nClasses);
    }
    return values;
  };
  return {
    ...{ n, nClasses },
    eligible: bitmapFromRows(
      n,
      Array.from({ length: n }, (_, row) => row),
    ),
    labelled: { rows: new Uint32Array(0), classes: new Int32Array(0) },
    posterior: { samples: Array.from({ length: samples }, (_, s) => arrayMatrix(sample(s), n, nClasses)) },
  };
}

/** Information of the model and the labels of some rows together, over every combination of labels. */
function jointInformation(q: Float64Array, samples: number, nClasses: number, rows: readonly number[]): number {
  let joint = 0;
  const visit = (weights: readonly number[], depth: number): void => {
    if (depth === rows.length) {
      joint += plogp(weights.reduce((sum, value) => sum + value, 0) / samples);
      return;
    }
    for (let c = 0; c < nClasses; c++) {
      visit(
        weights.map((weight, s) => weight * q[(rows[depth] * samples + s) * nClasses + c]),
        depth + 1,
      );
    }
  };
  visit(new Array(samples).fill(1), 0);
  let inner = 0;
  for (const row of rows) {
    for (let at = row * samples * nClasses; at < (row + 1) * samples * nClasses; at++) inner += plogp(q[at]) / samples;
  }
  return joint - inner;
}

describe.each(KERNELS)("posterior strategies on %s kernels", (_, makeKernels) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await makeKernels();
  });

  test("BatchBALD is the greedy choice by brute force, also where rows repeat", () => {
    for (const [seed, distinct] of [
      ["a", 10],
      ["b", 10],
      ["c", 3],
      ["d", 1],
    ] as const) {
      const [n, samples, nClasses, batch] = [10, 5, 3, 4];
      const q = predictions(n, samples, nClasses, seed, distinct);
      const picks: number[] = [];
      while (picks.length < batch) {
        let best = -1;
        let most = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < n; i++) {
          if (picks.includes(i)) continue;
          const value = jointInformation(q, samples, nClasses, [...picks, i]);
          if (value > most + 1e-12) {
            most = value;
            best = i;
          }
        }
        picks.push(best);
      }
      const joint = greedyJoint(kernels, {
        ...{ q, samples, nClasses, batch, exactMax: 1000, configurations: 100 },
        random: new KeyedRandom("r", "r"),
        checkAbort: () => undefined,
        progress: () => undefined,
      });
      expect(joint.exact).toBe(batch);
      expect(joint.picks).toEqual(picks);
      joint.joint.forEach((value, i) => {
        expect(value).toBeCloseTo(jointInformation(q, samples, nClasses, picks.slice(0, i + 1)), 12);
      });
    }
  });

  test("BatchBALD stays finite with sure models and long batches", async () => {
    const [n, samples, nClasses] = [60, 8, 2];
    const q = predictions(n, samples, nClasses, "sure").map((value) => Math.round(value));
    const pool = poolOf(q, n, samples, nClasses, Float64Array);
    const options = { posterior: "given", exactMax: 64, configurations: 200 };
    const picks = await runSpec({ op: "single", use: "batch-bald", options }, pool, 60, { kernels, seed: "s" });
    expect(new Set(picks.rows).size).toBe(60);
    picks.scores.forEach((score, i) => {
      expect(score).toBeGreaterThanOrEqual(i === 0 ? 0 : picks.scores[i - 1]);
    });
    // Eight models can be told apart by ln 8 and no more; the rest is what drawing the combinations leaves open.
    expect(picks.scores[59]).toBeLessThan(Math.log(samples) + 0.1);
  });

  test("EPIG is the mean mutual information with the targets, in float32 as in float64", async () => {
    const [n, samples, nClasses] = [40, 6, 3];
    const q = predictions(n, samples, nClasses, "epig");
    const expected = Array.from({ length: n }, (_unused, i) => {
      let total = 0;
      for (let t = 0; t < n; t++) {
        // Two rows, or a row with itself: what their labels say about each other.
        let joint = 0;
        const own = new Float64Array(nClasses);
        const target = new Float64Array(nClasses);
        for (let a = 0; a < nClasses; a++) {
          for (let b = 0; b < nClasses; b++) {
            let p = 0;
            for (let s = 0; s < samples; s++) {
              p += (q[(i * samples + s) * nClasses + a] * q[(t * samples + s) * nClasses + b]) / samples;
            }
            joint += plogp(p);
            own[a] += p;
            target[b] += p;
          }
        }
        total += [...own, ...target].reduce((sum, p) => sum + plogp(p), 0) - joint;
      }
      return total / n;
    });
    const order = expected.map((_value, i) => i).sort((a, b) => expected[b] - expected[a]);
    for (const make of [Float64Array, Float32Array]) {
      // As many targets as rows: all of them, whatever the draw.
      const options = { posterior: "given", targets: n };
      const pool = poolOf(q, n, samples, nClasses, make);
      const picks = await runSpec({ op: "single", use: "epig", options }, pool, n, { kernels, seed: "s" });
      expect([...picks.rows]).toEqual(order);
      picks.scores.forEach((score, i) => {
        expect(score).toBeCloseTo(expected[order[i]], make === Float64Array ? 12 : 6);
      });
    }
  });

  test.each(["laplace", "bootstrap"])(
    "heads drawn by %s disagree most where the labels leave the answer open",
    async (posterior) => {
      // Two labelled groups at x = ±2, items on the line between and beyond.
      const n = 41;
      const x = Float32Array.from({ length: 2 * n }, (_unused, i) => (i % 2 === 0 ? (Math.floor(i / 2) - 20) / 5 : 0));
      const labelled = [8, 9, 10, 11, 29, 30, 31, 32];
      const pool: Pool = {
        ...{ n, nClasses: 2 },
        eligible: bitmapFromRows(
          n,
          Array.from({ length: n }, (_unused, row) => row).filter((row) => !labelled.includes(row)),
        ),
        labelled: { rows: Uint32Array.from(labelled), classes: Int32Array.from(labelled, (row) => (row < 20 ? 0 : 1)) },
        embeddings: arrayMatrix(x, n, 2),
        head: { weights: Float32Array.of(-0.8, 0.8, 0, 0), bias: Float32Array.of(0, 0) },
      };
      const options = { posterior, samples: 60 };
      const run = (use: string) => runSpec({ op: "single", use, options }, pool, 5, { kernels, seed: "s" });
      for (const use of ["bald", "query-by-committee"]) {
        const picks = await run(use);
        for (const row of picks.rows) expect(Math.abs(row - 20)).toBeLessThanOrEqual(9);
        expect(picks.scores[0]).toBeGreaterThan(0);
        expect(picks.reasons[0]).toEqual([expect.objectContaining({ code: "disagreement", samples: 60 })]);
      }
    },
  );
});
