import { describe, expect, test } from "vitest";
import { multiply } from "@/strategies/bmdal/algebra/floats";
import type { GaussianMatrix, KernelRows, LayerFactors, NtkNetwork } from "@/strategies/bmdal/door";
import {
  applyChain,
  bindNtkNetwork,
  denseKernel,
  gradientFactors,
  gradientKernel,
  infiniteKernel,
  laplaceKernel,
  lastLayerKernel,
  METHOD_DEFAULTS,
  parseBmdalSpec,
  posteriorKernel,
  runMethod,
  scaledToMean,
  sketchKernel,
  sumKernel,
} from "@/strategies/bmdal/door";
import type { Kernels } from "@/strategies/kernels";
import { KERNELS } from "@/test/contracts/strategyPools";
import { cases, goldenArray, stackedArray } from "./golden";

/** Kernels, sketches, posteriors and network gradients of the authors' classes, in float64. */

const SIGMA = 1e-3;
const sampler = { first: () => 0, draw: () => -1 };
const inputs = stackedArray("G_Xtrain", "G_Xpool");

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    size = Math.max(size, Math.abs(expected[i]));
  }
  return largest / size;
}

/** k(rows from … end − 1, columns from … end − 1), row-major. */
function block(kernel: KernelRows, rows: [number, number], columns: [number, number]): number[] {
  const row = new Float64Array(kernel.n);
  const out: number[] = [];
  for (let i = rows[0]; i < rows[1]; i++) {
    kernel.row(i, row);
    out.push(...row.subarray(columns[0], columns[1]));
  }
  return out;
}

function networkOf(name: string): NtkNetwork {
  const golden = cases.G[name];
  const parameters: number[] = [];
  const widths = [5];
  for (const layer of golden.layers) {
    const weights = goldenArray(layer.W);
    widths.push(weights.shape[1]);
    parameters.push(...weights.values, ...goldenArray(layer.b).values);
  }
  return {
    widths,
    activation: golden.act,
    weightGain: golden.weight_gain,
    biasGain: golden.bias_gain,
    parameters: Float64Array.from(parameters),
  };
}

async function factorsOf(
  kernels: Kernels,
  name: string,
): Promise<{ layers: LayerFactors[]; predictions: Float64Array }> {
  const network = networkOf(name);
  const bound = bindNtkNetwork(network, { kernels, batchMax: inputs.n, multiply: (args) => multiply(kernels, args) });
  const predictions = Float64Array.from((await bound.forward(inputs.values, inputs.n)).subarray(0, inputs.n));
  return { layers: await gradientFactors(kernels, network, bound, inputs.values, inputs.n), predictions };
}

/** The stored matrices of a sketch, by the path of the part they belong to. */
function storedMatrices(golden: {
  matrices: { net: string; layer: number; R_in: string; R_out: string }[];
  nets: string[];
}): GaussianMatrix {
  return (path) => {
    const parts = path.split("/").map(Number);
    const [net, layer, factor] = golden.nets.length > 1 ? parts : [0, ...parts];
    const entry = golden.matrices.find((one) => one.net === golden.nets[net] && one.layer === layer + 1)!;
    return goldenArray(factor === 0 ? entry.R_in : entry.R_out).values;
  };
}

describe.each(KERNELS)("golden kernels on %s kernels", (_, makeKernels) => {
  test.each(["relu", "silu", "relu2", "relu3"])(
    "traps 7 and 8: %s network gives the predictions, gradients, gradient kernel and last-layer features",
    async (name) => {
      const kernels = await makeKernels();
      const golden = cases.G[name];
      const { layers, predictions } = await factorsOf(kernels, name);
      expect(worst(predictions.subarray(20), goldenArray(golden.pred_pool).values)).toBeLessThan(1e-7);
      const flat: number[] = [];
      for (let i = 0; i < inputs.n; i++) {
        for (const layer of layers) {
          for (let a = 0; a < layer.nInputs; a++) {
            for (let b = 0; b < layer.nGradients; b++) {
              flat.push(layer.inputs[i * layer.nInputs + a] * layer.gradients[i * layer.nGradients + b]);
            }
          }
        }
      }
      expect(worst(flat.slice(0, 20 * 109), goldenArray(golden.grad_train).values)).toBeLessThan(1e-7);
      expect(worst(flat.slice(20 * 109), goldenArray(golden.grad_pool).values)).toBeLessThan(1e-7);
      const kernel = gradientKernel(kernels, layers, inputs.n);
      expect(worst(block(kernel, [0, 20], [20, 70]), goldenArray(golden.kernel_grad).values)).toBeLessThan(1e-7);
      expect(worst(kernel.diagonal().subarray(20), goldenArray(golden.diag_grad).values)).toBeLessThan(1e-7);
      const last = lastLayerKernel(kernels, layers, inputs.n);
      expect(last.dim).toBe(7);
      expect(worst(last.values.subarray(20 * 7), goldenArray(golden.ll_pool).values)).toBeLessThan(1e-7);
    },
  );

  test("trap 6: a sketch multiplies per layer and sums over layers, with a matrix for every layer and factor", async () => {
    const kernels = await makeKernels();
    const { layers } = await factorsOf(kernels, "relu");
    const golden = cases.S.grad_rp;
    const sketch = sketchKernel(kernels, gradientKernel(kernels, layers, inputs.n), 16, storedMatrices(golden));
    expect(worst(sketch.values.subarray(0, 20 * 16), goldenArray(golden.train).values)).toBeLessThan(1e-6);
    expect(worst(sketch.values.subarray(20 * 16), goldenArray(golden.pool).values)).toBeLessThan(1e-6);
  });

  test("an ensemble's kernels are summed before they are sketched", async () => {
    const kernels = await makeKernels();
    const golden = cases.S.grad_ens3_rp;
    const terms: KernelRows[] = [];
    for (const net of golden.nets)
      terms.push(gradientKernel(kernels, (await factorsOf(kernels, net)).layers, inputs.n));
    const sketch = sketchKernel(kernels, sumKernel(terms), 16, storedMatrices(golden));
    expect(worst(sketch.values.subarray(0, 20 * 16), goldenArray(golden.train).values)).toBeLessThan(1e-6);
    expect(worst(sketch.values.subarray(20 * 16), goldenArray(golden.pool).values)).toBeLessThan(1e-6);
    const chained = applyChain(
      { kernels },
      terms,
      parseBmdalSpec("lcmd-tp / grad → ens(3) → sketch(16)"),
      {
        nKnown: 20,
        gaussian: () => storedMatrices(golden),
        isFaithful: false,
      },
      "f64",
    );
    expect(chained.kind === "dense" && worst(chained.values, sketch.values)).toBe(0);
  });

  test("selections, posterior and contribution kernels on the stored sketch", async () => {
    const kernels = await makeKernels();
    const context = { kernels };
    const { values, n, nKnown, dim } = stackedArray("S_g_train", "S_g_pool");
    const kernel = denseKernel(kernels, values, n, dim);
    const picks = (which: KernelRows, method: Parameters<typeof runMethod>[1], mode: "p" | "tp", count = 12) =>
      runMethod(
        context,
        method,
        { kernels, kernel: which, nKnown, mode, count },
        { ...METHOD_DEFAULTS, order: "published", sampler },
      ).rows;
    expect(picks(kernel, "lcmd", "tp")).toEqual(cases.S.lcmd_tp_batch12);
    expect(picks(kernel, "maxdist", "tp")).toEqual(cases.S.maxdist_tp_batch12);
    const golden = cases.S["post_sigma1e-3"];
    const scaled = scaledToMean(context, kernel, nKnown);
    const post = posteriorKernel(context, scaled, { first: 0, end: nKnown }, SIGMA);
    expect(worst(block(post, [nKnown, n], [nKnown, n]), goldenArray(golden.pool_kernel).values)).toBeLessThan(1e-6);
    expect(picks(post, "maxdiag", "p")).toEqual(golden.maxdiag_batch12);
    expect(picks(post, "maxdet", "p")).toEqual(golden.maxdet_p_batch12);
    expect(picks(post, "bait-f", "p")).toEqual(golden.bait_f_p_batch12);
    expect(picks(post, "bait-fb", "p")).toEqual(golden.bait_fb_p_batch12);

    const chain = (text: string, targets?: Float64Array, draws?: string) =>
      applyChain(
        context,
        [kernel],
        parseBmdalSpec(text),
        {
          nKnown,
          targets,
          gaussian: () => () => goldenArray(draws ?? "S_acsrf_eps").values,
          isFaithful: true,
        },
        "f64",
      );
    const rf = chain("fw-p / linear → scale → acs-rf(12, 0.001)");
    if (rf.kind !== "dense") throw new Error("features expected");
    expect(worst(rf.values.subarray(nKnown * 12), goldenArray(cases.S.acs_rf.pool).values)).toBeLessThan(1e-6);
    expect(picks(rf, "fw", "p")).toEqual(cases.S.acs_rf.fw_p_batch12);
    const hyper = chain("fw-p / linear → scale → acs-rf-hyper(12)", goldenArray("G_ytrain").values, "S_acsrfh_eps");
    if (hyper.kind !== "dense") throw new Error("features expected");
    expect(worst(hyper.values.subarray(nKnown * 12), goldenArray(cases.S.acs_rf_hyper.pool).values)).toBeLessThan(1e-6);
    expect(picks(hyper, "fw", "p")).toEqual(cases.S.acs_rf_hyper.fw_p_batch12);
    const gradient = chain("maxdet-p / linear → scale → acs-grad(0.001)");
    expect(worst(block(gradient, [nKnown, n], [nKnown, n]), goldenArray(cases.S.acs_grad.kernel).values)).toBeLessThan(
      1e-6,
    );
    expect(picks(gradient, "maxdet", "p")).toEqual(cases.S.acs_grad.maxdet_p_batch12);
  });

  test.each([
    "nngp_L3_sw0.2_sb0",
    "nngp_L3_sw1.4142_sb0.1",
    "ntk_L3_sw0.2_sb0",
    "ntk_L3_sw1.4142_sb0.1",
    "laplace_scale1",
    "laplace_scale0.3",
    "linear",
  ])("kernel %s: values, diagonal, posterior variances and selections", async (name) => {
    const kernels = await makeKernels();
    const golden = cases.K[name];
    const data = { x: inputs.values, n: inputs.n, d: inputs.dim };
    const match = /^(nngp|ntk)_L(\d)_sw([\d.]+)_sb([\d.]+)$/.exec(name);
    const kernel = match
      ? infiniteKernel(kernels, match[1] as "nngp" | "ntk", data, {
          layers: Number(match[2]),
          // The name shortens √2.
          weightGain: match[3] === "1.4142" ? Math.SQRT2 : Number(match[3]),
          biasGain: Number(match[4]),
        })
      : name === "linear"
        ? denseKernel(kernels, inputs.values, inputs.n, inputs.dim)
        : laplaceKernel(kernels, data, Number(name.slice("laplace_scale".length)));
    expect(worst(block(kernel, [0, 20], [20, 70]), goldenArray(golden.kernel).values)).toBeLessThan(1e-6);
    expect(worst(kernel.diagonal().subarray(20), goldenArray(golden.diag).values)).toBeLessThan(1e-6);
    if (name === "linear") return;
    const context = { kernels };
    const post = posteriorKernel(context, scaledToMean(context, kernel, 20), { first: 0, end: 20 }, SIGMA);
    expect(worst(post.diagonal().subarray(20), goldenArray(golden["post_sigma1e-3_scaled_diag"]).values)).toBeLessThan(
      1e-5,
    );
    const run = (which: KernelRows, method: "maxdist" | "lcmd" | "maxdet", mode: "p" | "tp") =>
      runMethod(
        context,
        method,
        { kernels, kernel: which, nKnown: 20, mode, count: 10 },
        { ...METHOD_DEFAULTS, sampler },
      ).rows;
    expect(run(kernel, "maxdist", "tp")).toEqual(golden.maxdist_tp_batch10);
    expect(run(kernel, "lcmd", "tp")).toEqual(golden.lcmd_tp_batch10);
    expect(run(post, "maxdet", "p")).toEqual(golden.maxdet_p_post_batch10);
  });

  test.each(["A", "B"])("posterior of case %s in feature and in kernel form", async (id) => {
    const kernels = await makeKernels();
    const context = { kernels };
    const { values, n, nKnown, dim } = stackedArray(`${id}_train`, `${id}_pool`);
    const scaled = scaledToMean(context, denseKernel(kernels, values, n, dim), nKnown);
    for (const form of ["features", "kernel"] as const) {
      const post = posteriorKernel(context, scaled, { first: 0, end: nKnown }, SIGMA, form);
      expect(post.kind).toBe(form === "features" ? "dense" : "implicit");
      expect(worst(post.diagonal().subarray(nKnown), goldenArray(`${id}_post_pool_diag`).values)).toBeLessThan(1e-6);
      const first = block(post, [nKnown, nKnown + 64], [nKnown, nKnown + 64]);
      expect(worst(first, goldenArray(`${id}_post_kernel_pool64`).values)).toBeLessThan(1e-6);
    }
  });
});
