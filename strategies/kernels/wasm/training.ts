import { checkLabels, checkLength, windowCount } from "../checkLength";
import type { Kernels, LossArguments, TrainingKernels } from "../types";
import type { KernelArena } from "./arena";
import { runInBlocks } from "./runInBlocks";
import type { KernelExports, LossCall } from "./webAssembly";

type TrainingWasm = TrainingKernels & Pick<Kernels, "adam">;

export function createTrainingKernels(exports: KernelExports, arena: KernelArena): TrainingWasm {
  const flat = (kernel: string, x: Float32Array, n: number, call: (at: number, count: number) => void) => {
    checkLength(kernel, "x", x, n);
    runInBlocks(arena, kernel, n, 4, [{ array: x, perRow: 1, access: "both" }], ([at], { count }) => call(at, count));
  };
  const loss = (
    kernel: "softmaxCrossEntropy" | "sigmoidCrossEntropy" | "squaredError",
    args: LossArguments,
    target: { array: Int32Array | Float32Array; perRow: number },
  ) => {
    checkLossArguments(kernel, args);
    return runLoss(exports[kernel], kernel, arena, args, target);
  };
  return {
    adam: createAdam(exports, arena),
    ...createPoolKernels(exports, arena),
    relu: (x, n) => flat("relu", x, n, (at, count) => exports.relu(at, count)),
    sigmoid: (x, n, temperature) => flat("sigmoid", x, n, (at, count) => exports.sigmoid(at, count, 1 / temperature)),

    reluBackward(gradient, activated, n) {
      checkLength("reluBackward", "gradient", gradient, n);
      checkLength("reluBackward", "activated", activated, n);
      const operands = [
        { array: gradient, perRow: 1, access: "both" },
        { array: activated, perRow: 1, access: "read" },
      ] as const;
      runInBlocks(arena, "reluBackward", n, 4, operands, ([at, activatedAt], { count }) => {
        exports.reluBackward(at, activatedAt, count);
      });
    },

    softmaxCrossEntropy(args) {
      checkLength("softmaxCrossEntropy", "labels", args.labels, args.n);
      checkLabels("softmaxCrossEntropy", args.labels, args.n, args.c);
      if (args.c * 16 > exports.scratchBytes.value) {
        throw new RangeError(`softmaxCrossEntropy: at most ${exports.scratchBytes.value / 16} classes, got ${args.c}.`);
      }
      return loss("softmaxCrossEntropy", args, { array: args.labels, perRow: 1 });
    },
    sigmoidCrossEntropy(args) {
      checkLength("sigmoidCrossEntropy", "targets", args.targets, args.n * args.c);
      return loss("sigmoidCrossEntropy", args, { array: args.targets, perRow: args.c });
    },
    squaredError(args) {
      checkLength("squaredError", "targets", args.targets, args.n * args.c);
      return loss("squaredError", args, { array: args.targets, perRow: args.c });
    },
  };
}

function createPoolKernels(
  exports: KernelExports,
  arena: KernelArena,
): Pick<TrainingKernels, "maxPool" | "maxPoolBackward"> {
  return {
    maxPool({ x, n, h, w, c, size, stride, out, argmax }) {
      const oh = windowCount(h, size, stride, 0);
      const ow = windowCount(w, size, stride, 0);
      checkLength("maxPool", "x", x, n * h * w * c);
      checkLength("maxPool", "out", out, n * oh * ow * c);
      checkLength("maxPool", "argmax", argmax, n * oh * ow * c);
      const operands = [
        { array: x, perRow: h * w * c, access: "read" },
        { array: out, perRow: oh * ow * c, access: "write" },
        { array: argmax, perRow: oh * ow * c, access: "write" },
      ] as const;
      runInBlocks(arena, "maxPool", n, 1, operands, ([at, outAt, argmaxAt], { start, count }) => {
        exports.maxPool(at, start * h * w * c, count, h, w, c, size, stride, oh, ow, outAt, argmaxAt);
      });
    },

    maxPoolBackward({ gradient, nOutput, argmax, out, nInput }) {
      checkLength("maxPoolBackward", "gradient", gradient, nOutput);
      checkLength("maxPoolBackward", "argmax", argmax, nOutput);
      checkLength("maxPoolBackward", "out", out, nInput);
      checkLabels("maxPoolBackward", argmax, nOutput, nInput);
      const [gradientAt, argmaxAt, outAt] = [gradient, argmax, out].map((array) => arena.pointerOf(array));
      if (gradientAt >= 0 && argmaxAt >= 0 && outAt >= 0) {
        exports.maxPoolBackward(gradientAt, nOutput, argmaxAt, outAt, nInput);
        return;
      }
      // Scattered adds gain nothing from SIMD, so foreign arrays are not copied for them.
      out.fill(0, 0, nInput);
      for (let i = 0; i < nOutput; i++) out[argmax[i]] += gradient[i];
    },
  };
}

function createAdam(exports: KernelExports, arena: KernelArena): Kernels["adam"] {
  return ({ w, g, m, v, step, learningRate, beta1, beta2, epsilon, weightDecay }) => {
    for (const [name, array] of Object.entries({ g, m, v })) checkLength("adam", name, array, w.length);
    const correction1 = 1 / (1 - beta1 ** step);
    const correction2 = 1 / (1 - beta2 ** step);
    const operands = [
      { array: w, perRow: 1, access: "both" },
      { array: g, perRow: 1, access: "read" },
      { array: m, perRow: 1, access: "both" },
      { array: v, perRow: 1, access: "both" },
    ] as const;
    runInBlocks(arena, "adam", w.length, 4, operands, ([wAt, gAt, mAt, vAt], { count }) => {
      const constants = [learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2] as const;
      exports.adam(wAt, gAt, mAt, vAt, count, ...constants);
    });
  };
}

function checkLossArguments(kernel: string, { logits, n, c, rowWeights, gradient }: LossArguments): void {
  checkLength(kernel, "logits", logits, n * c);
  if (rowWeights !== undefined) checkLength(kernel, "rowWeights", rowWeights, n);
  if (gradient !== undefined) checkLength(kernel, "gradient", gradient, n * c);
}

function runLoss(
  call: (...args: LossCall) => number,
  kernel: string,
  arena: KernelArena,
  { logits, n, c, rowWeights, gradient, gradientScale }: LossArguments,
  target: { array: Int32Array | Float32Array; perRow: number },
): number {
  const operands = [
    { array: logits, perRow: c, access: "read" },
    { array: target.array, perRow: target.perRow, access: "read" },
    { array: rowWeights, perRow: 1, access: "read" },
    { array: gradient, perRow: c, access: "write" },
  ] as const;
  let total = 0;
  runInBlocks(arena, kernel, n, 4, operands, ([at, targetAt, weightsAt, gradientAt], { count }) => {
    total = call(at, count, c, targetAt, weightsAt, gradientAt, gradientScale, total);
  });
  return total;
}
