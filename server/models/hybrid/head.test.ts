import { beforeAll, describe, expect, it } from "vitest";
import type { Kernels } from "@/strategies/kernels";
import { deserializeModel } from "../deserializeModel";
import type { ModelHead, TrainedModel, TrainingContext } from "../port";
import { trainerEntry } from "../registry";
import { openTestKernels, trainingContext, trainingInput } from "../test/contexts";
import { DIGIT_PIXELS, readDigits } from "../test/readDigits";

const CLASSES = 10;
const LABELLED = 300;
const SHOWN = 60;

const digits = readDigits();
let kernels: Kernels;
let context: TrainingContext;

beforeAll(async () => {
  kernels = await openTestKernels();
  context = trainingContext(kernels);
}, 120_000);

async function train(id: string, options: unknown): Promise<TrainedModel> {
  const labels = digits.train.labels.subarray(0, LABELLED);
  const x = digits.train.x.subarray(0, LABELLED * DIGIT_PIXELS);
  const target = { kind: "classes", labels, nClasses: CLASSES } as const;
  return (await trainerEntry(id).load()).train(
    trainingInput({ x, n: LABELLED, d: DIGIT_PIXELS, target, options }),
    context,
  );
}

/** What the head makes of what it reads, in float64. */
function byHead({ dim, weights, bias }: ModelHead, inputs: Float32Array, n: number): number[] {
  return Array.from({ length: n }, (_, i) => {
    const logits = Array.from(bias, (b, c) => {
      let sum = b;
      for (let j = 0; j < dim; j++) sum += inputs[i * dim + j] * weights[j * CLASSES + c];
      return sum;
    });
    const most = Math.max(...logits);
    const exps = logits.map((z) => Math.exp(z - most));
    const total = exps.reduce((a, b) => a + b);
    return exps.map((e) => e / total);
  }).flat();
}

describe("a model's head", () => {
  for (const { id, options, reads } of [
    { id: "softmax", options: { scaling: "global" }, reads: "standardised features" },
    { id: "softmax", options: { scaling: "perFeature" }, reads: "standardised features" },
    { id: "mlp", options: { hidden: [16] }, reads: "last hidden layer" },
    { id: "convnet", options: { image: { height: 8, width: 8 }, filters: [4] }, reads: "last hidden layer" },
  ] as const) {
    it(`of ${id} ${JSON.stringify(options)} gives the model's own probabilities, also after storage`, async () => {
      const trained = await train(id, options);
      for (const model of [trained, await deserializeModel(trained.serialize(), context)]) {
        const { head } = model;
        expect(head?.reads).toBe(reads);
        if (!head || !model.headInputs) throw new Error("no head");
        const x = digits.test.x.subarray(0, SHOWN * DIGIT_PIXELS);
        const inputs = new Float32Array(SHOWN * head.dim);
        await model.headInputs(x, SHOWN, inputs);
        const expected = new Float32Array(SHOWN * CLASSES);
        await model.predict(x, SHOWN, expected);
        byHead(head, inputs, SHOWN).forEach((p, i) => {
          expect(Math.abs(p - expected[i])).toBeLessThan(1e-4);
        });
      }
    });
  }

  it("of logistic regression reads features whose mean over the labels is 0 and whose mean variance is 1", async () => {
    const model = await train("softmax", { scaling: "global", holdOutShare: 0 });
    const inputs = new Float32Array(LABELLED * DIGIT_PIXELS);
    await model.headInputs?.(digits.train.x.subarray(0, LABELLED * DIGIT_PIXELS), LABELLED, inputs);
    const squares = kernels.dot(inputs, inputs) / inputs.length;
    expect(Math.abs(kernels.sum(inputs) / inputs.length)).toBeLessThan(1e-4);
    expect(squares).toBeCloseTo(1, 2);
  });
});
