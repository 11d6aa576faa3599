import { checkLabels, checkLength, windowCount } from "../checkLength";
import type { Kernels, LossArguments, TrainingKernels } from "../types";

type TrainingReference = TrainingKernels & Pick<Kernels, "adam">;

/** Training kernels written for reading: each value in float64, stored as float32. */
export const trainingReference: TrainingReference = {
  adam({ w, g, m, v, step, learningRate, beta1, beta2, epsilon, weightDecay }) {
    for (const [name, array] of Object.entries({ g, m, v })) checkLength("adam", name, array, w.length);
    const correction1 = 1 - beta1 ** step;
    const correction2 = 1 - beta2 ** step;
    for (let i = 0; i < w.length; i++) {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i];
      v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
      const direction = m[i] / correction1 / (Math.sqrt(v[i] / correction2) + epsilon);
      w[i] -= learningRate * (direction + weightDecay * w[i]);
    }
  },

  relu(x, n) {
    checkLength("relu", "x", x, n);
    for (let i = 0; i < n; i++) x[i] = x[i] > 0 ? x[i] : 0;
  },

  reluBackward(gradient, activated, n) {
    checkLength("reluBackward", "gradient", gradient, n);
    checkLength("reluBackward", "activated", activated, n);
    for (let i = 0; i < n; i++) if (!(activated[i] > 0)) gradient[i] = 0;
  },

  sigmoid(x, n, temperature) {
    checkLength("sigmoid", "x", x, n);
    for (let i = 0; i < n; i++) x[i] = 1 / (1 + Math.exp(-x[i] / temperature));
  },

  softmaxCrossEntropy(args) {
    const { logits, n, c, labels, gradient, gradientScale } = args;
    checkLoss("softmaxCrossEntropy", args);
    checkLength("softmaxCrossEntropy", "labels", labels, n);
    checkLabels("softmaxCrossEntropy", labels, n, c);
    let loss = 0;
    for (let i = 0; i < n; i++) {
      const weight = args.rowWeights === undefined ? 1 : args.rowWeights[i];
      const row = logits.slice(i * c, (i + 1) * c);
      const largest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      let total = 0;
      for (let j = 0; j < c; j++) total += Math.exp(row[j] - largest);
      loss += weight * (Math.log(total) + (largest - row[labels[i]]));
      if (gradient === undefined) continue;
      for (let j = 0; j < c; j++) {
        const probability = Math.exp(row[j] - largest) / total;
        gradient[i * c + j] = gradientScale * weight * (probability - (j === labels[i] ? 1 : 0));
      }
    }
    return loss;
  },

  sigmoidCrossEntropy(args) {
    checkLoss("sigmoidCrossEntropy", args);
    checkLength("sigmoidCrossEntropy", "targets", args.targets, args.n * args.c);
    return elementwiseLoss(args, args.targets, (z, t) => ({
      loss: Math.max(z, 0) - z * t + Math.log1p(Math.exp(-Math.abs(z))),
      slope: 1 / (1 + Math.exp(-z)) - t,
    }));
  },

  squaredError(args) {
    checkLoss("squaredError", args);
    checkLength("squaredError", "targets", args.targets, args.n * args.c);
    return elementwiseLoss(args, args.targets, (z, t) => ({ loss: 0.5 * (z - t) * (z - t), slope: z - t }));
  },

  maxPool({ x, n, h, w, c, size, stride, out, argmax }) {
    const outHeight = windowCount(h, size, stride, 0);
    const outWidth = windowCount(w, size, stride, 0);
    checkLength("maxPool", "x", x, n * h * w * c);
    checkLength("maxPool", "out", out, n * outHeight * outWidth * c);
    checkLength("maxPool", "argmax", argmax, n * outHeight * outWidth * c);
    let position = 0;
    for (let image = 0; image < n; image++) {
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          for (let channel = 0; channel < c; channel++) {
            let best = ((image * h + oy * stride) * w + ox * stride) * c + channel;
            for (let ky = 0; ky < size; ky++) {
              for (let kx = 0; kx < size; kx++) {
                const pixel = ((image * h + oy * stride + ky) * w + ox * stride + kx) * c + channel;
                if (x[pixel] > x[best]) best = pixel;
              }
            }
            out[position] = x[best];
            argmax[position++] = best;
          }
        }
      }
    }
  },

  maxPoolBackward({ gradient, nOutput, argmax, out, nInput }) {
    checkLength("maxPoolBackward", "gradient", gradient, nOutput);
    checkLength("maxPoolBackward", "argmax", argmax, nOutput);
    checkLength("maxPoolBackward", "out", out, nInput);
    checkLabels("maxPoolBackward", argmax, nOutput, nInput);
    out.fill(0, 0, nInput);
    for (let i = 0; i < nOutput; i++) out[argmax[i]] += gradient[i];
  },
};

function checkLoss(kernel: string, { logits, n, c, rowWeights, gradient }: LossArguments): void {
  checkLength(kernel, "logits", logits, n * c);
  if (rowWeights !== undefined) checkLength(kernel, "rowWeights", rowWeights, n);
  if (gradient !== undefined) checkLength(kernel, "gradient", gradient, n * c);
}

function elementwiseLoss(
  { logits, n, c, rowWeights, gradient, gradientScale }: LossArguments,
  targets: Float32Array,
  term: (logit: number, target: number) => { loss: number; slope: number },
): number {
  let total = 0;
  for (let i = 0; i < n; i++) {
    const weight = rowWeights === undefined ? 1 : rowWeights[i];
    for (let j = 0; j < c; j++) {
      const { loss, slope } = term(logits[i * c + j], targets[i * c + j]);
      total += weight * loss;
      if (gradient !== undefined) gradient[i * c + j] = gradientScale * weight * slope;
    }
  }
  return total;
}
