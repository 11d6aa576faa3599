import { beforeAll, describe, expect, it } from "vitest";
import type { Kernels } from "@/strategies/kernels";
import { deserializeModel } from "../deserializeModel";
import type { TrainedModel, TrainingContext, TrainingInput } from "../port";
import { trainerEntry } from "../registry";
import { openTestKernels, trainingContext, trainingInput } from "../test/contexts";
import type { Digits } from "../test/readDigits";
import { accuracy, DIGIT_PIXELS, readDigits } from "../test/readDigits";

const digits = readDigits();
let kernels: Kernels;
let context: TrainingContext;

beforeAll(async () => {
  kernels = await openTestKernels();
  context = trainingContext(kernels);
}, 120_000);

/** Topologies as Keras writes them. */
function sequential(inputShape: number[], layers: [string, Record<string, unknown>][]) {
  const config = layers.map(([class_name, fields], index) => ({
    class_name,
    config: { name: `layer_${index}`, ...(index === 0 ? { batch_input_shape: [null, ...inputShape] } : {}), ...fields },
  }));
  return { class_name: "Sequential", config: { name: "supplied", layers: config } };
}

const dense = sequential(
  [64],
  [
    ["Dense", { units: 32, activation: "relu" }],
    ["Dropout", { rate: 0.2 }],
    ["Dense", { units: 10, activation: "softmax" }],
  ],
);
const conv = (padding: string, strides: number) =>
  sequential(
    [8, 8, 1],
    [
      ["Conv2D", { filters: 8, kernel_size: [3, 3], padding: "same", activation: "relu" }],
      ["MaxPooling2D", { pool_size: [2, 2] }],
      ["Conv2D", { filters: 16, kernel_size: [2, 2], padding, strides: [strides, strides], activation: "relu" }],
      ["BatchNormalization", {}],
      ["Flatten", {}],
      ["Dense", { units: 10, kernel_regularizer: { class_name: "L1L2", config: { l1: 0, l2: 0.001 } } }],
    ],
  );

function digitsInput(
  rows: Digits,
  options: Record<string, unknown>,
  fields: Partial<TrainingInput> = {},
): TrainingInput {
  const target = { kind: "classes", labels: rows.labels, nClasses: 10 } as const;
  return trainingInput({ x: rows.x, n: rows.n, d: DIGIT_PIXELS, target, options, ...fields });
}

async function train(input: TrainingInput, overrides: Partial<TrainingContext> = {}): Promise<TrainedModel> {
  const trainer = await trainerEntry("tfjs").load();
  return trainer.train(input, { ...context, ...overrides });
}

async function predictions(model: TrainedModel, rows: Digits): Promise<Float32Array> {
  const out = new Float32Array(rows.n * model.nOutputs);
  await model.predict(rows.x, rows.n, out);
  return out;
}

function first(n: number): Digits {
  return { x: digits.train.x.subarray(0, n * DIGIT_PIXELS), labels: digits.train.labels.subarray(0, n), n };
}

describe("the TensorFlow.js trainer", () => {
  it("learns digits with a supplied dense network, on a backend that it names, to calibrated probabilities", async () => {
    const model = await train(digitsInput(digits.train, { topology: dense, learningRate: 0.005, epochs: 20 }));
    const out = await predictions(model, digits.test);
    expect(accuracy(out, digits.test)).toBeGreaterThan(0.94);
    expect(kernels.sum(out.subarray(0, 10))).toBeCloseTo(1, 5);
    expect(model.backend).toMatch(/^tfjs 4\.\d+\.\d+: (wasm|tensorflow)/);
    expect(model.metrics.heldOutAccuracy).toBeGreaterThan(0.9);
    expect(model.metrics.temperature).not.toBe(1);
    expect(model.remarks).toEqual([]);
    model.dispose();
  }, 120_000);

  for (const [padding, strides] of [
    ["same", 1],
    ["valid", 1],
    ["same", 2],
  ] as const) {
    it(`learns digits with a convolutional network on wasm: ${padding} padding, stride ${strides}`, async () => {
      const options = { topology: conv(padding, strides), epochs: 6, learningRate: 0.005, backend: "wasm" };
      const model = await train(digitsInput(digits.train, options));
      expect(model.backend).toContain("wasm");
      expect(accuracy(await predictions(model, digits.test), digits.test)).toBeGreaterThan(0.93);
    }, 120_000);

    it(`takes the same steps on wasm as on the cpu backend: ${padding} padding, stride ${strides}`, async () => {
      const curves: number[][] = [];
      for (const backend of ["wasm", "cpu"]) {
        const options = { topology: conv(padding, strides), epochs: 3, batchSize: 20, backend };
        curves.push((await train(digitsInput(first(60), options))).metrics.trainLoss);
      }
      curves[0].forEach((loss, epoch) => {
        expect(loss).toBeCloseTo(curves[1][epoch], 3);
      });
    }, 120_000);
  }

  it("gives the same bytes for the same seed, dropout included, and others for another", async () => {
    const bytes = async (seed: number) =>
      (await train(digitsInput(first(200), { topology: dense, epochs: 3 }, { seed }))).serialize();
    const once = await bytes(1);
    expect(await bytes(1)).toEqual(once);
    expect(await bytes(2)).not.toEqual(once);
  }, 120_000);

  it("stores a model that predicts to the bit what it did before", async () => {
    for (const topology of [dense, conv("same", 1)]) {
      const model = await train(digitsInput(first(200), { topology, epochs: 2 }));
      const before = await predictions(model, digits.test);
      const stored = await deserializeModel(model.serialize(), context);
      expect(await predictions(stored, digits.test)).toEqual(before);
      expect(stored.serialize()).toEqual(model.serialize());
      expect(stored.metrics.heldOutLoss).toBe(model.metrics.heldOutLoss);
    }
  }, 120_000);

  it("starts from supplied weights", async () => {
    const topology = sequential([2], [["Dense", { units: 2 }]]);
    const values = Float32Array.of(1, -1, 2, 0.5, 0.25, -0.25);
    const weights = {
      specs: [
        { name: "layer_0/kernel", shape: [2, 2] },
        { name: "layer_0/bias", shape: [2] },
      ],
      data: Buffer.from(values.buffer).toString("base64"),
    };
    const target = { kind: "classes", labels: Int32Array.of(0, 1, 0, 1), nClasses: 2 } as const;
    const x = Float32Array.of(1, 0, 0, 1, 2, 0, 0, 2);
    const options = { topology, weights, scaling: "none", optimizer: "sgd", learningRate: 1e-9, epochs: 1 };
    const model = await train(trainingInput({ x, n: 4, d: 2, target, options }));
    const logits = new Float32Array(2);
    await model.logits?.(Float32Array.of(1, 1), 1, logits);
    expect(Array.from(logits)).toEqual([expect.closeTo(3.25, 5), expect.closeTo(-0.75, 5)]);
    const short = { ...weights, data: weights.data.slice(0, 8) };
    const refused = train(trainingInput({ x, n: 4, d: 2, target, options: { ...options, weights: short } }));
    await expect(refused).rejects.toThrow(/their shapes need 24 bytes, got 6/);
  }, 60_000);

  it("learns several labels and numbers", async () => {
    const facts = Float32Array.from(
      [...digits.train.labels].flatMap((digit) => [Number(digit >= 5), Number(digit === 0)]),
    );
    const topology = sequential(
      [64],
      [
        ["Dense", { units: 32, activation: "relu" }],
        ["Dense", { units: 2, activation: "sigmoid" }],
      ],
    );
    const labels = { kind: "multiLabel", labels: facts, nLabels: 2 } as const;
    const settings = { epochs: 15, learningRate: 0.005 };
    const model = await train({ ...digitsInput(digits.train, { topology, ...settings }), target: labels });
    expect(model.metrics.heldOutAccuracy).toBeGreaterThan(0.93);
    const brightness = new Float32Array(digits.train.n);
    for (let i = 0; i < digits.train.n; i++) brightness[i] = kernels.sum(digits.train.x.subarray(64 * i, 64 * i + 64));
    const numbers = { kind: "number", values: brightness, nOutputs: 1 } as const;
    const linear = sequential([64], [["Dense", { units: 1 }]]);
    const regression = await train({
      ...digitsInput(digits.train, { topology: linear, ...settings }),
      target: numbers,
    });
    expect(regression.metrics.heldOutAccuracy).toBeGreaterThan(0.95);
    const [value] = await predictions(regression, digits.test);
    expect(Math.abs(value - kernels.sum(digits.test.x.subarray(0, 64)))).toBeLessThan(40);
  }, 120_000);

  it("falls back to the cpu backend, and says so, where the wasm backend lacks a gradient", async () => {
    const topology = sequential(
      [64],
      [
        ["Reshape", { target_shape: [8, 8, 1] }],
        ["DepthwiseConv2D", { kernel_size: [3, 3], activation: "relu" }],
        ["Flatten", {}],
        ["Dense", { units: 10 }],
      ],
    );
    const model = await train(digitsInput(first(60), { topology, epochs: 1 }));
    expect(model.backend).toContain("cpu");
    expect(model.remarks.map(({ code }) => code)).toContain("backend-fallback");
    await expect(train(digitsInput(first(60), { topology, epochs: 1, backend: "wasm" }))).rejects.toThrow(
      /not registered/,
    );
  }, 120_000);

  it("can be cancelled and gives back its tensors and kernel memory", async () => {
    const { memory } = await import("@tensorflow/tfjs-core");
    await train(digitsInput(first(100), { topology: dense, epochs: 1 })).then((model) => model.dispose());
    const before = { tensors: memory().numTensors, mark: kernels.mark() };
    await train(digitsInput(first(100), { topology: dense, epochs: 2 })).then((model) => model.dispose());
    const cancelled = train(digitsInput(first(100), { topology: dense }), { signal: { aborted: true } });
    await expect(cancelled).rejects.toMatchObject({ code: "E_CANCELLED" });
    expect({ tensors: memory().numTensors, mark: kernels.mark() }).toEqual(before);
  }, 60_000);

  const refused: [string, Record<string, unknown>, RegExp][] = [
    ["something that is no topology", { topology: { nonsense: 1 } }, /expected the modelTopology of a LayersModel/],
    ["an unknown layer", { topology: sequential([64], [["Quantum", { units: 10 }]]) }, /Quantum/],
    [
      "another input size",
      { topology: sequential([50], [["Dense", { units: 10 }]]) },
      /takes 50 values, but items have 64/,
    ],
    [
      "another number of outputs",
      { topology: sequential([64], [["Dense", { units: 9 }]]) },
      /output is \[9\], but 10 classes/,
    ],
    [
      "an output that is no logit",
      { topology: sequential([64], [["Dense", { units: 10, activation: "relu" }]]) },
      /softmax, sigmoid or nothing/,
    ],
    [
      "noise without a seed",
      {
        topology: sequential(
          [64],
          [
            ["GaussianNoise", { stddev: 1 }],
            ["Dense", { units: 10 }],
          ],
        ),
      },
      /no seed controls/,
    ],
  ];
  for (const [name, options, message] of refused) {
    it(`refuses ${name}`, async () => {
      const attempt = train(digitsInput(first(60), options));
      await expect(attempt).rejects.toThrow(message);
      await expect(attempt).rejects.toMatchObject({ code: "E_BAD_INPUT" });
    });
  }
});
