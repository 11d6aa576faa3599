import { describe, expect, test } from "vitest";
import { KERNELS } from "@/test/contracts/strategyPools";
import { bootstrapHeads } from "./bootstrapHeads";
import { impliedPrecision } from "./impliedPrecision";
import { fillNormals } from "./keyedNormals";
import { KeyedRandom } from "./keyedRandom";
import type { LabelledFeatures } from "./labelledFeatures";
import { laplaceHeads } from "./laplaceHeads";
import type { LinearModel } from "./linearModel";

function normals(n: number, seed: string): Float64Array {
  const out = new Float64Array(n);
  fillNormals(new KeyedRandom(seed, "test"), 0, out);
  return out;
}

function labelledOf(n: number, d: number, c: number): LabelledFeatures {
  const classes = Int32Array.from({ length: n }, (_, i) => i % c);
  const x = normals(n * d, "x");
  for (let i = 0; i < n; i++) x[i * d + (classes[i] % d)] += 2;
  return { n, d, rows: Uint32Array.from({ length: n }, (_, i) => i), x, classes };
}

function modelOf(d: number, c: number, kind: LinearModel["kind"] = "argmax"): LinearModel {
  const draws = normals((d + 1) * c, "model");
  return {
    kind,
    d,
    c,
    weights: Float32Array.from(draws.subarray(0, d * c)),
    bias: Float32Array.from(draws.subarray(d * c)),
  };
}

test("keyed normals have mean 0, variance 1, and do not depend on how many are drawn", () => {
  const draws = normals(100_000, "n");
  const mean = draws.reduce((sum, value) => sum + value / draws.length, 0);
  const variance = draws.reduce((sum, value) => sum + value ** 2 / draws.length, 0);
  expect(Math.abs(mean)).toBeLessThan(0.01);
  expect(Math.abs(variance - 1)).toBeLessThan(0.02);
  expect([...normals(7, "n")]).toEqual([...draws.subarray(0, 7)]);
});

describe.each(KERNELS)("heads around a head, on %s kernels", (_, makeKernels) => {
  // More labels than weights per class, and fewer: the two ways of drawing are different code.
  test.each([
    [40, 3, 3, "argmax"],
    [3, 6, 2, "argmax"],
    [30, 2, 2, "sign"],
  ] as const)(
    "Laplace: %i labels, %i features, %i outputs (%s): mean and covariance are the stated ones",
    async (n, d, c, kind) => {
      const kernels = await makeKernels();
      const labelled = labelledOf(n, d, c);
      const model = modelOf(d, c, kind);
      const samples = 6_000;
      const precision = 0.7;
      const heads = laplaceHeads(kernels, model, labelled, {
        samples,
        precision,
        random: new KeyedRandom("h", "heads"),
      });
      const width = d + 1;
      const expected = covariance(model, labelled, precision);
      const mean = new Float64Array(width * c);
      for (const head of heads) for (let j = 0; j < mean.length; j++) mean[j] += head[j] / samples;
      for (let j = 0; j < width; j++) {
        for (let k = 0; k < c; k++) {
          const truth = j < d ? model.weights[j * c + k] : model.bias[k];
          const spread = Math.sqrt(expected[(j * c + k) * width * c + j * c + k]);
          expect(Math.abs(mean[j * c + k] - truth)).toBeLessThan((5 * spread) / Math.sqrt(samples));
        }
      }
      for (let a = 0; a < width * c; a++) {
        for (let b = 0; b <= a; b++) {
          let found = 0;
          for (const head of heads) found += ((head[a] - mean[a]) * (head[b] - mean[b])) / samples;
          const scale = Math.sqrt(expected[a * width * c + a] * expected[b * width * c + b]);
          expect(Math.abs(found - expected[a * width * c + b])).toBeLessThan((6 * scale) / Math.sqrt(samples));
        }
      }
    },
  );

  test("the penalty of a head is read off it and its labels", async () => {
    const kernels = await makeKernels();
    const labelled = labelledOf(60, 3, 3);
    for (const precision of [0.2, 3]) {
      const [head] = bootstrapHeads(kernels, modelOf(3, 3), labelled, {
        ...{ precision, samples: 1, iterations: 2_000, keys: undefined, checkAbort: () => undefined },
        random: () => ({ uniform: () => Math.exp(-1) }) as unknown as KeyedRandom,
      });
      const weights = Float32Array.from(head.subarray(0, 9));
      const model: LinearModel = { kind: "argmax", d: 3, c: 3, weights, bias: Float32Array.from(head.subarray(9)) };
      expect(impliedPrecision(model, labelled) / precision).toBeCloseTo(1, 1);
      const usual = 9 / weights.reduce((sum, weight) => sum + weight * weight, 0);
      expect(impliedPrecision(model, labelledOf(0, 3, 3))).toBeCloseTo(usual, 6);
      // A head that these labels contradict, and one of zeros, still give a positive number.
      const wrong = { ...labelled, classes: labelled.classes.map((label) => (label + 1) % 3) };
      expect(impliedPrecision(model, wrong)).toBeGreaterThan(0);
      expect(impliedPrecision({ ...model, weights: new Float32Array(9) }, labelled)).toBe(1);
    }
  });

  test("Laplace without labels is the prior", async () => {
    const kernels = await makeKernels();
    const model = modelOf(2, 3);
    const none = { ...labelledOf(0, 2, 3) };
    const heads = laplaceHeads(kernels, model, none, {
      samples: 4_000,
      precision: 4,
      random: new KeyedRandom("h", "p"),
    });
    const variance = heads.reduce((sum, head) => sum + (head[0] - model.weights[0]) ** 2 / heads.length, 0);
    expect(Math.abs(variance - 0.25)).toBeLessThan(0.03);
  });

  test("a bootstrap with equal weights finds the minimum, and one with drawn weights spreads around it", async () => {
    const kernels = await makeKernels();
    const labelled = labelledOf(60, 3, 3);
    const common = { precision: 1, iterations: 400, keys: undefined, checkAbort: () => undefined };
    // ln(1/e) = −1: every weight is 1.
    const equal = { uniform: () => Math.exp(-1) } as unknown as KeyedRandom;
    const [plain] = bootstrapHeads(kernels, modelOf(3, 3), labelled, { ...common, samples: 1, random: () => equal });
    for (const slope of gradient(plain, labelled, 3, 1)) expect(Math.abs(slope)).toBeLessThan(0.02);
    const drawn = bootstrapHeads(kernels, modelOf(3, 3), labelled, {
      ...common,
      samples: 30,
      random: (sample) => new KeyedRandom("b", `heads.${sample}`),
    });
    const spread = drawn.reduce((sum, head) => sum + (head[0] - plain[0]) ** 2 / drawn.length, 0);
    expect(spread).toBeGreaterThan(1e-3);
    const mean = drawn.reduce((sum, head) => sum + head[0] / drawn.length, 0);
    expect(Math.abs(mean - plain[0])).toBeLessThan(5 * Math.sqrt(spread / 30));
  });
});

/** ((√n·A + √τ) ⊗ (√n·B + √τ))⁻¹ over (feature, output) pairs, by inverting the product as it stands. */
function covariance(model: LinearModel, labelled: LabelledFeatures, precision: number): Float64Array {
  const { d, c, kind } = model;
  const { n, x } = labelled;
  const width = d + 1;
  const a = new Float64Array(width * width);
  const b = new Float64Array(c * c);
  for (let i = 0; i < n; i++) {
    const row = [...x.subarray(i * d, (i + 1) * d), 1];
    for (let j = 0; j < width; j++)
      for (let k = 0; k < width; k++) a[j * width + k] += (row[j] * row[k]) / Math.sqrt(n);
    const logits = Array.from({ length: c }, (_, k) =>
      row.reduce((sum, v, j) => sum + v * (j < d ? model.weights[j * c + k] : model.bias[k]), 0),
    );
    const total = logits.reduce((sum, v) => sum + Math.exp(v), 0);
    const p = logits.map((v) => (kind === "sign" ? 1 / (1 + Math.exp(-v)) : Math.exp(v) / total));
    for (let j = 0; j < c; j++) {
      for (let k = 0; k < c; k++) {
        const cross = kind === "sign" && j !== k ? 0 : p[j] * p[k];
        b[j * c + k] += ((j === k ? p[j] : 0) - cross) / Math.sqrt(n);
      }
    }
  }
  for (let j = 0; j < width; j++) a[j * width + j] += Math.sqrt(precision);
  for (let j = 0; j < c; j++) b[j * c + j] += Math.sqrt(precision);
  const size = width * c;
  const whole = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    for (let k = 0; k < size; k++) {
      whole[j * size + k] = a[Math.floor(j / c) * width + Math.floor(k / c)] * b[(j % c) * c + (k % c)];
    }
  }
  return inverse(whole, size);
}

function inverse(matrix: Float64Array, n: number): Float64Array {
  const a = matrix.slice();
  const out = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  for (let p = 0; p < n; p++) {
    const pivot = a[p * n + p];
    for (let k = 0; k < n; k++) {
      a[p * n + k] /= pivot;
      out[p * n + k] /= pivot;
    }
    for (let i = 0; i < n; i++) {
      if (i === p) continue;
      const factor = a[i * n + p];
      for (let k = 0; k < n; k++) {
        a[i * n + k] -= factor * a[p * n + k];
        out[i * n + k] -= factor * out[p * n + k];
      }
    }
  }
  return out;
}

/** Gradient of the penalised softmax loss with weight 1 for every row. */
function gradient(head: Float64Array, { n, d, x, classes }: LabelledFeatures, c: number, precision: number): number[] {
  const out = Array.from(head, (value, j) => (j < d * c ? precision * value : 0));
  for (let i = 0; i < n; i++) {
    const row = [...x.subarray(i * d, (i + 1) * d), 1];
    const logits = Array.from({ length: c }, (_, k) => row.reduce((sum, v, j) => sum + v * head[j * c + k], 0));
    const total = logits.reduce((sum, v) => sum + Math.exp(v), 0);
    for (let k = 0; k < c; k++) {
      const slope = Math.exp(logits[k]) / total - (classes[i] === k ? 1 : 0);
      for (let j = 0; j <= d; j++) out[j * c + k] += slope * row[j];
    }
  }
  return out;
}
