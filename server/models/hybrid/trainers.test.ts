import { beforeAll, describe, expect, it } from "vitest";
import { KeyedRandom } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import { deserializeModel } from "../deserializeModel";
import { loadKernels } from "../loadKernels";
import type { TrainedModel, TrainingContext, TrainingInput } from "../port";
import { trainerEntry } from "../registry";
import { openTestKernels, trainingContext, trainingInput } from "../test/contexts";
import type { Digits } from "../test/readDigits";
import { accuracy, DIGIT_PIXELS, readDigits } from "../test/readDigits";

const digits = readDigits();
const random = new KeyedRandom("trainers", "test");
let kernels: Kernels;
let context: TrainingContext;

beforeAll(async () => {
  kernels = await openTestKernels();
  context = trainingContext(kernels);
}, 120_000);

function digitsInput(rows: Digits, fields: Partial<TrainingInput> = {}): TrainingInput {
  const target = { kind: "classes", labels: rows.labels, nClasses: 10 } as const;
  return trainingInput({ x: rows.x, n: rows.n, d: DIGIT_PIXELS, target, ...fields });
}

async function train(
  id: string,
  input: TrainingInput,
  overrides: Partial<TrainingContext> = {},
): Promise<TrainedModel> {
  const trainer = await trainerEntry(id).load();
  return trainer.train(input, { ...context, ...overrides });
}

async function predictions(model: TrainedModel, x: Float32Array, n: number): Promise<Float32Array> {
  const out = new Float32Array(n * model.nOutputs);
  await model.predict(x, n, out);
  return out;
}

describe("learning digits", () => {
  const image = { height: 8, width: 8 };
  for (const { id, options, least } of [
    { id: "softmax", options: {}, least: 0.95 },
    { id: "mlp", options: {}, least: 0.97 },
    { id: "convnet", options: { image, filters: [8, 16] }, least: 0.97 },
  ]) {
    it(`${id} reaches ${least} on unseen digits, with probabilities that sum to 1 and fit`, async () => {
      const model = await train(id, digitsInput(digits.train, { options }));
      const out = await predictions(model, digits.test.x, digits.test.n);
      expect(accuracy(out, digits.test)).toBeGreaterThanOrEqual(least);
      let logLoss = 0;
      for (let i = 0; i < digits.test.n; i++) {
        expect(kernels.sum(out.subarray(10 * i, 10 * i + 10))).toBeCloseTo(1, 5);
        logLoss -= Math.log(out[10 * i + digits.test.labels[i]]) / digits.test.n;
      }
      expect(logLoss).toBeLessThan(0.2);
      const { metrics } = model;
      expect(metrics.trainLoss[metrics.trainLoss.length - 1]).toBeLessThan(metrics.trainLoss[0] / 4);
      expect(metrics.heldOutAccuracy).toBeGreaterThan(0.9);
      expect(metrics.nTrain + (metrics.nTrain === digits.train.n ? 0 : metrics.nHeldOut)).toBe(digits.train.n);
      expect(metrics.durationMs).toBeGreaterThan(0);
      expect(model.remarks).toEqual([]);
    }, 60_000);
  }
});

/** The first rows of the training digits. */
function first(n: number): Digits {
  return { x: digits.train.x.subarray(0, n * DIGIT_PIXELS), labels: digits.train.labels.subarray(0, n), n };
}

describe("every hybrid trainer", () => {
  const small = first(300);
  const image = { height: 8, width: 8 };
  for (const { id, options } of [
    { id: "softmax", options: {} },
    { id: "mlp", options: { hidden: [16, 8], epochs: 5 } },
    { id: "convnet", options: { image, filters: [4], hidden: [8], epochs: 2 } },
  ]) {
    it(`${id}: the same seed and backend give the same bytes, another seed others`, async () => {
      for (const gemm of ["ort", "wasm"]) {
        const bytes = async (seed: number) =>
          (await train(id, digitsInput(small, { options: { ...options, gemm }, seed }))).serialize();
        const once = await bytes(1);
        expect(await bytes(1)).toEqual(once);
        expect(await bytes(2)).not.toEqual(once);
      }
    }, 60_000);

    it(`${id}: a stored model predicts to the bit what it did before, from any memory and in any number of rows`, async () => {
      const model = await train(id, digitsInput(small, { options }));
      const before = await predictions(model, digits.test.x, digits.test.n);
      const stored = await deserializeModel(model.serialize(), context);
      expect(await predictions(stored, digits.test.x, digits.test.n)).toEqual(before);
      expect({ ...stored.metrics, durationMs: 0 }).toEqual({ ...model.metrics, durationMs: 0 });
      expect(stored.serialize()).toEqual(model.serialize());
      const mark = kernels.mark();
      const inside = kernels.allocF32(digits.test.x.length);
      inside.set(digits.test.x);
      expect(await predictions(stored, inside, digits.test.n)).toEqual(before);
      kernels.release(mark);
      expect(await predictions(stored, digits.test.x, 0)).toHaveLength(0);
      const one = await predictions(stored, digits.test.x, 1);
      for (let j = 0; j < 10; j++) expect(one[j]).toBeCloseTo(before[j], 5);
    }, 60_000);

    it(`${id}: logits divided by the temperature give the probabilities; embeddings come from the last hidden layer`, async () => {
      const model = await train(id, digitsInput(small, { options }));
      const logits = new Float32Array(50 * 10);
      await model.logits?.(digits.test.x, 50, logits);
      kernels.softmaxRows(logits, 50, 10, model.metrics.temperature);
      const out = await predictions(model, digits.test.x, 50);
      expect(logits.every((value, i) => Math.abs(value - out[i]) < 1e-5)).toBe(true);
      expect(model.embeddingDim).toBe(id === "softmax" ? undefined : 8);
      if (model.embed === undefined) return;
      const embedding = new Float32Array(50 * 8);
      await model.embed(digits.test.x, 50, embedding);
      expect(embedding.some((value) => value > 0)).toBe(true);
    }, 60_000);

    it(`${id}: gives back all kernel memory after training, prediction, refusal and cancellation`, async () => {
      const mark = kernels.mark();
      const model = await train(id, digitsInput(small, { options }));
      await predictions(model, digits.test.x, 20);
      const broken = small.x.slice();
      broken[DIGIT_PIXELS + 3] = Number.NaN;
      await expect(train(id, digitsInput({ ...small, x: broken }, { options }))).rejects.toThrow(
        /NaN in row 1, column 3/,
      );
      await expect(predictions(model, broken, 20)).rejects.toThrow(/NaN in row 1, column 3/);
      const cancelled = train(id, digitsInput(small, { options }), { signal: { aborted: true } });
      await expect(cancelled).rejects.toMatchObject({ code: "E_CANCELLED" });
      expect(kernels.mark()).toBe(mark);
    }, 60_000);
  }

  it("reports progress that ends at its last pass, and can be cancelled between passes", async () => {
    const signal = { aborted: false };
    const seen: number[] = [];
    const progress = (done: number) => {
      seen.push(done);
      signal.aborted = done === 3;
    };
    const running = train("mlp", digitsInput(small), { signal, progress });
    await expect(running).rejects.toMatchObject({ code: "E_CANCELLED" });
    expect(seen).toEqual([1, 2, 3]);
  });

  it("two trainings started at once on the same kernels do not disturb each other", async () => {
    const alone = (await train("mlp", digitsInput(small, { options: { epochs: 3 } }))).serialize();
    const both = await Promise.all([1, 2].map(() => train("mlp", digitsInput(small, { options: { epochs: 3 } }))));
    for (const model of both) expect(model.serialize()).toEqual(alone);
  });
});

describe("few or lopsided labels", () => {
  it("one class only: a constant predictor with smoothed shares, and a remark", async () => {
    const rows = { ...first(9), labels: new Int32Array(9).fill(4) };
    for (const id of ["softmax", "mlp"]) {
      const model = await train(id, digitsInput(rows));
      expect(model.remarks.map(({ code }) => code)).toEqual(["single-class"]);
      const out = await predictions(model, digits.test.x, 2);
      expect(out[4]).toBeCloseTo(10 / 19, 5);
      expect(out[13]).toBeCloseTo(1 / 19, 5);
    }
  });

  it("two labels: nothing is held out, temperature 1, remarks say so, and the model still tells them apart", async () => {
    const labels = digits.train.labels;
    const other = labels.findIndex((label) => label !== labels[0]);
    const x = new Float32Array(2 * DIGIT_PIXELS);
    x.set(digits.train.x.subarray(0, DIGIT_PIXELS));
    x.set(digits.train.x.subarray(other * DIGIT_PIXELS, (other + 1) * DIGIT_PIXELS), DIGIT_PIXELS);
    const pair = { x, labels: Int32Array.of(labels[0], labels[other]), n: 2 };
    const model = await train("softmax", digitsInput(pair));
    expect(model.metrics).toMatchObject({
      nTrain: 2,
      nHeldOut: 0,
      temperature: 1,
      heldOutLoss: null,
      earlyStopped: false,
    });
    expect(model.remarks.map(({ code }) => code)).toEqual(["no-held-out", "classes-without-labels"]);
    expect(accuracy(await predictions(model, x, 2), pair)).toBe(1);
  });

  it("a class without labels is never preferred and the remark counts it", async () => {
    const input = digitsInput(first(300));
    const model = await train("softmax", {
      ...input,
      target: { ...input.target, nClasses: 12 } as TrainingInput["target"],
    });
    expect(model.remarks).toMatchObject([{ code: "classes-without-labels" }]);
    expect(model.remarks[0].message).toContain("2 of 12 classes");
    const out = await predictions(model, digits.test.x, 100);
    for (let i = 0; i < 100; i++) expect(out[12 * i + 10] + out[12 * i + 11]).toBeLessThan(0.1);
  });

  it("balanced class weights find more of a rare class, and zero sample weights leave rows out", async () => {
    // Two overlapping clouds, 30 against 970.
    const n = 1000;
    const labels = Int32Array.from({ length: n }, (_, i) => (i < 30 ? 1 : 0));
    const x = Float32Array.from({ length: 2 * n }, (_, i) => random.uniform(i, 1) + (i < 60 ? 0.4 : 0));
    const target = { kind: "classes", labels, nClasses: 2 } as const;
    const found = async (fields: Partial<TrainingInput>) => {
      const model = await train(
        "softmax",
        trainingInput({ x, n, d: 2, target, options: { calibrate: false }, ...fields }),
      );
      const out = await predictions(model, x, 30);
      return Array.from({ length: 30 }, (_, i) => Number(out[2 * i + 1] > 0.5)).reduce((a, b) => a + b);
    };
    expect(await found({})).toBeLessThan(15);
    expect(await found({ classWeights: "balanced" })).toBeGreaterThan(20);
    expect(await found({ classWeights: [1, 30] })).toBeGreaterThan(20);
    const sampleWeights = Float32Array.from({ length: n }, (_, i) => (i >= 30 && i < 940 ? 0 : 1));
    expect(await found({ sampleWeights })).toBeGreaterThan(15);
  });
});

describe("other task kinds", () => {
  it("mlp learns several labels per item, calibrated", async () => {
    // Label 0: even digit; label 1: at least five; label 2: never.
    const facts = ({ labels }: Digits) =>
      Float32Array.from([...labels].flatMap((digit) => [digit % 2 === 0 ? 1 : 0, digit >= 5 ? 1 : 0, 0]));
    const target = { kind: "multiLabel", labels: facts(digits.train), nLabels: 3 } as const;
    const model = await train("mlp", trainingInput({ x: digits.train.x, n: digits.train.n, d: DIGIT_PIXELS, target }));
    const out = await predictions(model, digits.test.x, digits.test.n);
    const expected = facts(digits.test);
    const nRight = expected.filter((value, i) => out[i] > 0.5 === (value === 1)).length;
    expect(nRight / expected.length).toBeGreaterThan(0.97);
    expect(model.metrics.heldOutAccuracy).toBeGreaterThan(0.95);
    expect(model.taskKind).toBe("multiLabel");
  }, 60_000);

  it("mlp learns numbers in their own units, linear and not", async () => {
    const n = 800;
    const x = Float32Array.from({ length: 3 * n }, (_, i) => 10 * random.uniform(i, 2));
    const truth = (i: number) => [100 + 5 * x[3 * i] - 2 * x[3 * i + 1], 1000 * Math.sin(x[3 * i + 2] / 2)];
    const values = Float32Array.from(Array.from({ length: n }, (_, i) => truth(i)).flat());
    const target = { kind: "number", values, nOutputs: 2 } as const;
    const options = { hidden: [32, 32], epochs: 200, patience: 30, learningRate: 0.01 };
    const model = await train("mlp", trainingInput({ x, n, d: 3, target, options }));
    expect(model.metrics.heldOutAccuracy).toBeGreaterThan(0.98);
    expect(model.logits).toBeUndefined();
    const out = await predictions(model, x, 100);
    for (let i = 0; i < 100; i++) {
      expect(Math.abs(out[2 * i] - truth(i)[0])).toBeLessThan(12);
      expect(Math.abs(out[2 * i + 1] - truth(i)[1])).toBeLessThan(250);
    }
  }, 60_000);

  it("a constant target is answered with that constant and a remark", async () => {
    const target = { kind: "number", values: new Float32Array(40).fill(7.5), nOutputs: 1 } as const;
    const model = await train("mlp", trainingInput({ x: digits.train.x, n: 40, d: DIGIT_PIXELS, target }));
    expect(model.remarks.map(({ code }) => code)).toContain("constant-target");
    for (const value of await predictions(model, digits.test.x, 10)) expect(value).toBeCloseTo(7.5, 1);
  });
});

describe("input that is refused", () => {
  const good = digitsInput(first(30));
  const cases: [string, Partial<TrainingInput>, RegExp][] = [
    ["no rows", { n: 0 }, /at n: expected at least one labelled row, got 0/],
    ["too few values", { d: 100 }, /at x: expected 30×100 = 3000 values, got 1920/],
    [
      "a label out of range",
      { target: { kind: "classes", labels: new Int32Array(30).fill(10), nClasses: 10 } },
      /0 … 9, got 10 in row 0/,
    ],
    ["a negative weight", { sampleWeights: new Float32Array(30).fill(-1) }, /sampleWeights: expected numbers ≥ 0/],
    ["weights that are all 0", { sampleWeights: new Float32Array(30) }, /at least one weight above 0/],
    ["too few class weights", { classWeights: [1, 2] }, /classWeights: expected 10 weights, got 2/],
    ["an unknown option", { options: { depth: 3 } }, /at options/],
    ["an option out of range", { options: { l2: -1 } }, /at options.l2/],
    [
      "another task kind",
      { target: { kind: "number", values: new Float32Array(30), nOutputs: 1 } },
      /learns classes, got number/,
    ],
  ];
  for (const [name, fields, message] of cases) {
    it(name, async () => {
      const refused = train("softmax", { ...good, ...fields });
      await expect(refused).rejects.toThrow(message);
      await expect(refused).rejects.toMatchObject({ code: "E_BAD_INPUT" });
    });
  }

  it("work that does not fit the kernels' memory, which it leaves as it was", async () => {
    const tight = await loadKernels({ memoryBytes: 5 * 1024 * 1024 });
    const mark = tight.mark();
    const trainer = await trainerEntry("mlp").load();
    const training = trainer.train({ ...good, options: { hidden: [2048] } }, { ...context, kernels: tight });
    await expect(training).rejects.toMatchObject({ code: "E_TOO_LARGE" });
    expect(tight.mark()).toBe(mark);
  });

  it("images that do not match the features, and trainers that do not exist", async () => {
    const wrong = train("convnet", { ...good, options: { image: { height: 9, width: 8 } } });
    await expect(wrong).rejects.toThrow(/9×8×1 = 72 values per image were expected, but items have 64/);
    expect(() => trainerEntry("forest")).toThrow(/Choose one of softmax, mlp, convnet/);
  });
});
