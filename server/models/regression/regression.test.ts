import { beforeAll, describe, expect, test } from "vitest";
import { KeyedRandom } from "@/strategies";
import type { NtkNetwork } from "@/strategies/bmdal/door";
import {
  bindNtkNetwork,
  gaussianMatrix,
  gradientFactors,
  gradientKernel,
  sketchKernel,
  sumKernel,
} from "@/strategies/bmdal/door";
import type { Kernels } from "@/strategies/kernels";
import { cases, goldenArray } from "@/test/golden/regression/golden";
import { deserializeModel } from "../deserializeModel";
import type { TrainingContext } from "../port";
import { openTestKernels, trainingContext, trainingInput } from "../test/contexts";
import { fitNtkNetwork, initialNtkParameters, keyedOrders } from "./fitNtkNetwork";
import { openMultiply } from "./openMultiply";
import { ACTIVATION_DEFAULTS, regressionOptions } from "./options";
import type { RegressionModel } from "./regressionModel";
import { sketchGradients } from "./sketchGradients";
import { applyScale, inputScale } from "./standardize";
import { regressionTrainer } from "./trainer";

let kernels: Kernels;
let context: TrainingContext;

beforeAll(async () => {
  kernels = await openTestKernels();
  context = trainingContext(kernels);
}, 120_000);

const tools = () => ({ kernels, multiply: openMultiply(kernels, (args) => kernels.gemm(args)) });

/** y = sin(3a) + b² on points in the square, with a column that never changes. */
function wave(n: number, seed: string): { x: Float32Array; y: Float32Array } {
  const random = new KeyedRandom(seed, "wave");
  const x = new Float32Array(n * 3);
  const y = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const [a, b] = [2 * random.uniform(i, 0) - 1, 2 * random.uniform(i, 1) - 1];
    x.set([10 + a, 100 * b, 7], i * 3);
    y[i] = 50 + 4 * (Math.sin(3 * a) + b * b);
  }
  return { x, y };
}

async function validationErrorOf(
  network: NtkNetwork,
  rows: { x: Float32Array; y: Float32Array; n: number },
): Promise<number> {
  const bound = bindNtkNetwork(network, { ...tools(), batchMax: rows.n });
  const predicted = await bound.forward(rows.x, rows.n);
  return Math.sqrt(rows.y.reduce((sum, value, i) => sum + (predicted[i] - value) ** 2, 0) / rows.n);
}

describe("the regression network", () => {
  test.each(["f64", "f32"] as const)(
    "trap 10: 24 Adam steps with learning rate 0.375 give the golden losses and weights in %s",
    async (precision) => {
      const golden = cases.N;
      const widths = [5, 8, 6, 1];
      const from = (names: string[]) => names.flatMap((name) => [...goldenArray(name).values]);
      const as = (values: ArrayLike<number>) =>
        precision === "f64" ? Float64Array.from(values) : Float32Array.from(values);
      const perms = goldenArray(golden.perms).values;
      const plan = {
        widths,
        activation: "relu",
        weightGain: 0.2,
        biasGain: 0.2,
        learningRate: golden.lr0,
        epochs: 6,
        batchSize: 16,
      } as const;
      const rows = { x: as(goldenArray(golden.X).values), y: as(goldenArray(golden.y).values), n: 64 };
      const fit = await fitNtkNetwork(tools(), plan, rows, undefined, as(from(golden.init)), (epoch) =>
        perms.subarray(epoch * 64, (epoch + 1) * 64),
      );
      const tolerance = precision === "f64" ? 1e-9 : 2e-3;
      expect(fit.stepLoss.length).toBe(24);
      fit.stepLoss.forEach((loss, i) => {
        expect(Math.abs(loss - golden.loss[i])).toBeLessThan(tolerance * golden.loss[i]);
      });
      from(golden.final).forEach((value, i) => {
        expect(Math.abs(fit.network.parameters[i] - value)).toBeLessThan(tolerance * 5);
      });
      expect(fit.bestEpoch).toBe(6);
    },
  );

  test("trap 9: inputs are scaled by the sample deviation and bent; a constant column becomes 0", () => {
    const golden = cases.P;
    const x = goldenArray(golden.X_raw).values;
    const scale = inputScale(x, 4, [...golden.train_idx, ...golden.pool_idx]);
    applyScale(x, 40, scale, x);
    const expected = goldenArray(golden.X_std).values;
    x.forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThan(1e-6);
    });
  });

  test("trap 10: each activation has its own gains and learning rate", () => {
    expect(ACTIVATION_DEFAULTS).toEqual({
      relu: { weightGain: 0.2, biasGain: 0.2, learningRate: 0.375 },
      silu: { weightGain: 0.5, biasGain: 1, learningRate: 0.15 },
    });
    const widths = [3, 400, 1];
    const parameters = initialNtkParameters(widths, new KeyedRandom("s", "weights"));
    const weights = parameters.subarray(0, 1200);
    const mean = weights.reduce((sum, value) => sum + value, 0) / 1200;
    const variance = weights.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 1200;
    expect(Math.abs(mean)).toBeLessThan(0.12);
    expect(Math.abs(variance - 1)).toBeLessThan(0.15);
    expect([...parameters.subarray(1200, 1600)].every((bias) => bias === 0)).toBe(true);
  });

  test("trap 11: the parameters of the best validation epoch are kept, strictly better ones only", async () => {
    const { x, y } = wave(64, "best");
    const rows = { x, y: y.map((value) => (value - 50) / 4), n: 64 };
    applyScale(
      x,
      64,
      inputScale(
        x,
        3,
        Array.from({ length: 64 }, (_, i) => i),
      ),
      x,
    );
    // Validation targets from another function: training soon makes them worse.
    const validation = { x: x.slice(), y: rows.y.map((value) => -0.1 * value), n: 64 };
    const plan = {
      widths: [3, 32, 1],
      activation: "silu",
      weightGain: 0.5,
      biasGain: 1,
      learningRate: 0.05,
      epochs: 12,
      batchSize: 16,
    } as const;
    const initial = initialNtkParameters(plan.widths, new KeyedRandom("a", "weights"));
    const orders = () => keyedOrders(64, "a");
    const fit = await fitNtkNetwork(tools(), plan, rows, validation, initial, orders());
    const least = Math.min(...fit.validationRmse);
    expect(fit.bestEpoch).toBe(fit.validationRmse.indexOf(least) + 1);
    expect(fit.bestEpoch).toBeLessThan(12);
    // Without validation rows the same steps end at other parameters: those of the last epoch.
    const last = await fitNtkNetwork(tools(), plan, rows, undefined, initial, orders());
    expect(last.stepLoss).toEqual(fit.stepLoss);
    expect([...last.network.parameters]).not.toEqual([...fit.network.parameters]);
    const own = await validationErrorOf(fit.network, validation);
    expect(Math.abs(own - least)).toBeLessThan(1e-5);
  });

  test("learns a curved surface in the units of its labels, survives storage, and says what it learnt from", async () => {
    const { x, y } = wave(400, "train");
    const held = wave(200, "test");
    const options = { hidden: [64, 64], epochs: 80, batchSize: 64, sketchDim: 32, gemm: "wasm" };
    const input = trainingInput({ x, n: 400, d: 3, target: { kind: "number", values: y, nOutputs: 1 }, options });
    const model = (await regressionTrainer.train(input, context)) as RegressionModel;
    const out = new Float32Array(200);
    await model.predict(held.x, 200, out);
    const rmse = Math.sqrt(out.reduce((sum, value, i) => sum + (value - held.y[i]) ** 2, 0) / 200);
    expect(rmse).toBeLessThan(0.6);
    expect(model.metrics.heldOutAccuracy).toBeGreaterThan(0.9);
    expect(model.metrics.nTrain + model.metrics.nHeldOut).toBe(400);
    const bytes = model.serialize();
    const opened = await deserializeModel(bytes, context);
    const same = new Float32Array(200);
    await opened.predict(held.x, 200, same);
    expect([...same]).toEqual([...out]);
    const again = await regressionTrainer.train(input, context);
    expect(Buffer.compare(Buffer.from(again.serialize()), Buffer.from(bytes))).toBe(0);
    const features = new Float32Array(200 * 32);
    await model.embed(held.x, 200, features);
    const stored = new Float32Array(200 * 32);
    await opened.embed!(held.x, 200, stored);
    expect([...stored]).toEqual([...features]);
  });

  test("an ensemble averages its members, whose predictions differ", async () => {
    const { x, y } = wave(120, "ensemble");
    const options = { hidden: [32], epochs: 20, batchSize: 32, members: 3, embedding: "last-layer", gemm: "wasm" };
    const input = trainingInput({ x, n: 120, d: 3, target: { kind: "number", values: y, nOutputs: 1 }, options });
    const model = (await regressionTrainer.train(input, context)) as RegressionModel;
    const members = await model.predictMembers(x, 120);
    const out = new Float32Array(120);
    await model.predict(x, 120, out);
    expect(members.length).toBe(3);
    expect(Math.abs(members[0][5] - members[1][5])).toBeGreaterThan(1e-4);
    out.forEach((value, i) => {
      expect(Math.abs(value - (members[0][i] + members[1][i] + members[2][i]) / 3)).toBeLessThan(1e-4);
    });
    expect(model.embeddingDim).toBe(33);
  });

  test.each([1, 2])("sketches gradients of %i networks in blocks as the sketch of their kernel", async (members) => {
    const { x } = wave(1100, "sketch");
    const networks = Array.from({ length: members }, (_, index): NtkNetwork => {
      const widths = [3, 16, 12, 1];
      const parameters = initialNtkParameters(widths, new KeyedRandom(String(index), "weights"));
      return { widths, activation: index === 0 ? "relu" : "silu", weightGain: 0.4, biasGain: 0.3, parameters };
    });
    const out = new Float32Array(1100 * 24);
    await sketchGradients(kernels, tools().multiply, networks, x, 1100, { dim: 24, seed: "s" }, out);
    const terms = [];
    for (const network of networks) {
      const bound = bindNtkNetwork(network, { ...tools(), batchMax: 1100 });
      terms.push(gradientKernel(kernels, await gradientFactors(kernels, network, bound, x, 1100), 1100));
    }
    const kernel = terms.length === 1 ? terms[0] : sumKernel(terms);
    const expected = sketchKernel(kernels, kernel, 24, gaussianMatrix("s", "gradient sketch")).values;
    const size = Math.max(...expected.map(Math.abs));
    for (let i = 0; i < out.length; i++) expect(Math.abs(out[i] - expected[i])).toBeLessThan(2e-5 * size);
  });

  test("options have the benchmark's defaults", () => {
    expect(regressionOptions.parse({})).toMatchObject({
      hidden: [512, 512],
      activation: "relu",
      epochs: 256,
      batchSize: 256,
      members: 1,
      sketchDim: 512,
    });
  });
});
