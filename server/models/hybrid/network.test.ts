import { beforeAll, describe, expect, it } from "vitest";
import { KeyedRandom } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import { createReferenceKernels } from "@/strategies/kernels";
import type { TrainingTarget } from "../port";
import { openTestKernels, trainingContext } from "../test/contexts";
import { targetLoss } from "./fit";
import { openGemm } from "./gemmProvider";
import type { LayerSpec } from "./layers";
import { inputSize, outputSize } from "./layers";
import { bindNetwork, initialParameters, parameterLayout } from "./network";

let wasm: Kernels;
beforeAll(async () => {
  wasm = await openTestKernels();
}, 120_000);

const random = new KeyedRandom("network", "test");
const uniform = (n: number, stage: number) =>
  Float32Array.from({ length: n }, (_, i) => 2 * random.uniform(i, stage) - 1);

const dense: LayerSpec[] = [
  { kind: "dense", inputs: 7, outputs: 6, isRelu: true },
  { kind: "dense", inputs: 6, outputs: 5, isRelu: true },
  { kind: "dense", inputs: 5, outputs: 3, isRelu: false },
];
const conv: LayerSpec[] = [
  { kind: "conv", height: 5, width: 6, channels: 2, filters: 3, size: 3 },
  { kind: "pool", height: 5, width: 6, channels: 3 },
  { kind: "conv", height: 2, width: 3, channels: 3, filters: 4, size: 1 },
  { kind: "dense", inputs: 24, outputs: 3, isRelu: false },
];
const n = 4;
const targets: TrainingTarget[] = [
  { kind: "classes", labels: Int32Array.of(2, 0, 1, 2), nClasses: 3 },
  { kind: "multiLabel", labels: Float32Array.of(1, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0), nLabels: 3 },
  { kind: "number", values: uniform(n * 3, 9), nOutputs: 3 },
];
const rowWeights = Float32Array.of(1, 0.5, 2, 0);

async function lossAndGradient(
  kernels: Kernels,
  layers: LayerSpec[],
  parameters: Float32Array,
  target: TrainingTarget,
) {
  const mark = kernels.mark();
  const provider = await openGemm(trainingContext(kernels), "wasm");
  const own = kernels.allocF32(parameters.length);
  own.set(parameters);
  const gradient = kernels.allocF32(parameters.length);
  const network = bindNetwork(layers, own, gradient, { kernels, gemm: provider.gemm, batchMax: n });
  const x = kernels.allocF32(n * inputSize(layers[0]));
  x.set(uniform(x.length, 1));
  const logits = await network.forward(x, n);
  const c = outputSize(layers[layers.length - 1]);
  const loss = { logits, n, c, rowWeights, gradient: network.outputGradient, gradientScale: 1 };
  const total = targetLoss(kernels, loss, target);
  await network.backward(x, n);
  const copy = gradient.slice();
  kernels.release(mark);
  return { total, gradient: copy };
}

describe("a network's gradient", () => {
  for (const [name, layers] of Object.entries({ dense, conv })) {
    for (const target of targets) {
      it(`agrees with finite differences: ${name} layers, ${target.kind} loss`, async () => {
        const reference = createReferenceKernels();
        const parameters = initialParameters(layers, new KeyedRandom("3", "initial"));
        const { biases } = parameterLayout(layers);
        for (const { start, length } of biases) parameters.set(uniform(length, start), start);
        const { gradient } = await lossAndGradient(wasm, layers, parameters, target);
        let worst = 0;
        for (let i = 0; i < parameters.length; i++) {
          const at = async (shift: number) => {
            const moved = parameters.slice();
            moved[i] += shift;
            return (await lossAndGradient(reference, layers, moved, target)).total;
          };
          // Small enough to stay on one side of almost every relu and pooling kink.
          const numeric = ((await at(1e-3)) - (await at(-1e-3))) / 2e-3;
          worst = Math.max(worst, Math.abs(numeric - gradient[i]));
        }
        expect(worst).toBeLessThan(5e-3);
        expect(gradient.some((value) => Math.abs(value) > 0.1)).toBe(true);
      });
    }
  }
});
