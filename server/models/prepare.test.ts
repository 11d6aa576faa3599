import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeyedRandom } from "@/strategies";
import { createReferenceKernels } from "@/strategies/kernels";
import { fitTemperature } from "./hybrid/fitTemperature";
import { minimizeLbfgs } from "./hybrid/minimizeLbfgs";
import { copyScaledRows, featureScale, foldScale } from "./hybrid/scaleFeatures";
import { rowWeights } from "./rowWeights";
import { splitHeldOut } from "./splitHeldOut";
import { trainingInput } from "./test/contexts";

const reference = createReferenceKernels();
const random = new KeyedRandom("prepare", "test");
const uniform = (n: number, stage: number) => Float32Array.from({ length: n }, (_, i) => random.uniform(i, stage));

describe("splitHeldOut", () => {
  it("is a partition that leaves every class a row to train on and takes about the share", () => {
    const labelling = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(labelling, fc.constantFrom(0, 0.1, 0.2, 0.5), fc.nat(50), (list, share, seed) => {
        const labels = Int32Array.from(list);
        const n = labels.length;
        const target = { kind: "classes", labels, nClasses: 7 } as const;
        const split = splitHeldOut(target, n, share, new KeyedRandom(String(seed), "held-out"));
        expect(Array.from(split.order).sort((a, b) => a - b)).toEqual(list.map((_, i) => i));
        expect(split.nTrain + split.nHeldOut).toBe(n);
        const trained = new Set(Array.from(split.order.subarray(0, split.nTrain), (row) => labels[row]));
        expect(trained).toEqual(new Set(list));
        if (share === 0) expect(split).toMatchObject({ nHeldOut: 0, remark: undefined });
        else if (split.nHeldOut === 0) expect(split.remark?.code).toBe("no-held-out");
        else expect(Math.abs(split.nHeldOut - n * Math.max(share, Math.min(0.3, 24 / n)))).toBeLessThanOrEqual(7);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("holds out at most 2,000 rows", () => {
    const target = { kind: "number", values: new Float32Array(50_000), nOutputs: 1 } as const;
    expect(splitHeldOut(target, 50_000, 0.2, random).nHeldOut).toBeLessThanOrEqual(2_001);
  });
});

describe("rowWeights", () => {
  it("balance classes, multiply sample weights and average 1", () => {
    const labels = Int32Array.of(0, 0, 0, 2);
    const target = { kind: "classes", labels, nClasses: 3 } as const;
    const input = trainingInput({ x: new Float32Array(4), n: 4, d: 1, target });
    expect(rowWeights(input)).toBeUndefined();
    const balanced = rowWeights({ ...input, classWeights: "balanced" }) ?? [];
    expect(balanced[0] * 3).toBeCloseTo(balanced[3], 5);
    const weighted =
      rowWeights({ ...input, sampleWeights: Float32Array.of(1, 0, 1, 2), classWeights: [1, 1, 2] }) ?? [];
    expect(Array.from(weighted)).toEqual([4 / 6, 0, 4 / 6, 16 / 6].map((value) => expect.closeTo(value, 5)));
  });
});

describe("featureScale", () => {
  it("gives unit variance by column or over all, keeps constant columns finite, and folds into a first layer", () => {
    const [n, d, h] = [50, 4, 3];
    const x = uniform(n * d, 1).map((value, i) => (i % d === 2 ? 5 : 100 + (1 + (i % d)) * value));
    for (const scaling of ["none", "global", "perFeature", "image"] as const) {
      const scale = featureScale(x, n, d, scaling);
      const scaled = new Float32Array(n * d);
      copyScaledRows(
        x,
        d,
        Int32Array.from({ length: n }, (_, i) => i),
        scale,
        scaled,
      );
      expect(scaled.every(Number.isFinite)).toBe(true);
      const variance = reference.dot(scaled, scaled) / n;
      if (scaling === "global" || scaling === "image") expect(variance).toBeCloseTo(d, 3);
      if (scaling === "perFeature") expect(variance).toBeCloseTo(d - 1, 3);
      const weight = uniform(d * h, 2);
      const bias = uniform(h, 3);
      const expected = new Float32Array(n * h);
      reference.gemm({ m: n, n: h, k: d, a: scaled, b: weight, out: expected });
      reference.addBias(expected, n, h, bias);
      foldScale(weight, bias, scale);
      const actual = new Float32Array(n * h);
      reference.gemm({ m: n, n: h, k: d, a: x, b: weight, out: actual });
      reference.addBias(actual, n, h, bias);
      expect(actual.every((value, i) => Math.abs(value - expected[i]) < 1e-3)).toBe(true);
    }
  });
});

describe("minimizeLbfgs", () => {
  it("finds the minimum of an ill-conditioned quadratic in the steps it takes elsewhere", async () => {
    const size = 40;
    const curvature = (i: number) => 10 ** ((3 * i) / (size - 1));
    const problem = {
      evaluate: async (w: Float32Array, gradient: Float32Array) => {
        let loss = 1;
        for (let i = 0; i < size; i++) {
          const error = w[i] - (i % 3);
          loss += 0.5 * curvature(i) * error * error;
          gradient[i] = curvature(i) * error;
        }
        return loss;
      },
      isDone: async () => false,
    };
    const w = new Float32Array(size).fill(-5);
    const result = await minimizeLbfgs(reference, w, problem, { maxIterations: 300, tolerance: 1e-6 });
    expect(result.reason).toBe("converged");
    // SciPy 1.17 (L-BFGS-B, ten pairs) takes about 160 to the same accuracy.
    expect(result.iterations).toBeLessThan(200);
    expect(w.every((value, i) => Math.abs(value - (i % 3)) < 1e-2)).toBe(true);
  });

  it("stops when told, at its limit, and at once at a minimum", async () => {
    const bowl = async (w: Float32Array, gradient: Float32Array) => {
      gradient[0] = w[0];
      return 0.5 * w[0] * w[0];
    };
    const settings = { maxIterations: 3, tolerance: 0 };
    const stopped = { evaluate: bowl, isDone: async () => true };
    expect(await minimizeLbfgs(reference, Float32Array.of(9), stopped, settings)).toEqual({
      iterations: 1,
      reason: "stopped",
    });
    const atMinimum = { evaluate: bowl, isDone: async () => false };
    expect(await minimizeLbfgs(reference, Float32Array.of(0), atMinimum, settings)).toEqual({
      iterations: 0,
      reason: "converged",
    });
  });
});

describe("fitTemperature", () => {
  it("recovers the temperature that made the labels", () => {
    const [n, c] = [4000, 3];
    for (const temperature of [0.5, 1, 3]) {
      const logits = uniform(n * c, 5).map((value) => 6 * value);
      const probabilities = logits.slice();
      reference.softmaxRows(probabilities, n, c, temperature);
      const labels = Int32Array.from({ length: n }, (_, i) => {
        const draw = random.uniform(i, 6);
        return draw < probabilities[3 * i] ? 0 : draw < probabilities[3 * i] + probabilities[3 * i + 1] ? 1 : 2;
      });
      const rows = {
        x: new Float32Array(),
        d: 0,
        n,
        target: { kind: "classes", labels, nClasses: c },
        rowWeights: undefined,
      } as const;
      expect(fitTemperature(reference, logits, c, rows) / temperature).toBeCloseTo(1, 0.8);
    }
  });
});
