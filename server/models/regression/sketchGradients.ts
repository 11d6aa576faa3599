import type { Multiply, NtkNetwork } from "@/strategies/bmdal/door";
import { bindNtkNetwork, gaussianMatrix } from "@/strategies/bmdal/door";
import type { Kernels } from "@/strategies/kernels";

/** Rows of one pass: activations, gradients and both factors of a 512-512 network for 1,024 rows take 12 MB. */
const BLOCK_ROWS = 1024;

/** The random matrices of one layer, in kernel memory: (inputs + 1)×dim and outputs×dim. */
interface LayerMatrices {
  readonly inputs: Float32Array;
  readonly outputs: Float32Array;
}

/**
 * Sketch of the parameter gradient of one network, or of the summed kernels of several, for n rows of x: n×dim features
 * whose inner products approximate those of the whole gradients. The features are those that sketching the gradient's
 * kernel gives with the same matrices; here they are made in blocks of rows, so that nothing but x, the result and one
 * block is held.
 *
 * Cost per row: one forward and one backward pass and 2·dim·Σ(inputs + outputs).
 * @param seed draws the matrices: the same seed and widths give the same features.
 */
export async function sketchGradients(
  kernels: Kernels,
  multiply: Multiply,
  networks: readonly NtkNetwork[],
  x: Float32Array,
  n: number,
  { dim, seed }: { dim: number; seed: string },
  out: Float32Array,
): Promise<void> {
  const d = networks[0].widths[0];
  const mark = kernels.mark();
  try {
    const matrices = drawMatrices(kernels, networks, dim, seed);
    const batchMax = Math.max(1, Math.min(n, BLOCK_ROWS));
    const bound = networks.map((network) => {
      const parameters = kernels.allocF32(network.parameters.length);
      parameters.set(network.parameters);
      return bindNtkNetwork({ ...network, parameters }, { kernels, multiply, batchMax });
    });
    const block = kernels.allocF32(batchMax * d);
    const fromInputs = kernels.allocF32(batchMax * dim);
    const fromGradients = kernels.allocF32(batchMax * dim);
    for (let start = 0; start < n; start += batchMax) {
      const count = Math.min(batchMax, n - start);
      block.set(x.subarray(start * d, (start + count) * d));
      const to = out.subarray(start * dim, (start + count) * dim).fill(0);
      for (const [index, network] of networks.entries()) {
        const { places, inputs, gradients, forward, backward } = bound[index];
        await forward(block, count);
        gradients[places.length - 1].fill(1, 0, count * places[places.length - 1].outputs);
        await backward(count);
        for (const [layer, place] of places.entries()) {
          const { inputs: a, outputs: b } = matrices[index][layer];
          const from = { m: count, n: dim };
          await multiply({ ...from, k: place.inputs, a: inputs[layer], b: a, out: fromInputs });
          if (place.outputs === 1) outerProduct(gradients[layer] as Float32Array, b, count, dim, fromGradients);
          else await multiply({ ...from, k: place.outputs, a: gradients[layer], b, out: fromGradients });
          const factor = network.weightGain / Math.sqrt(place.inputs);
          const bias = a.subarray(place.inputs * dim, (place.inputs + 1) * dim);
          addProduct(to, fromInputs, fromGradients, count, dim, factor, network.biasGain, bias);
        }
      }
    }
  } finally {
    kernels.release(mark);
  }
}

/** Matrices by the path of their part in the gradient's kernel: network, layer, factor. */
function drawMatrices(kernels: Kernels, networks: readonly NtkNetwork[], dim: number, seed: string): LayerMatrices[][] {
  const draw = gaussianMatrix(seed, "gradient sketch");
  const held = (path: string, rows: number) => {
    const matrix = kernels.allocF32(rows * dim);
    matrix.set(draw(path, rows, dim));
    return matrix;
  };
  return networks.map((network, index) =>
    network.widths.slice(1).map((outputs, layer) => {
      const path = networks.length > 1 ? `${index}/${layer}` : String(layer);
      return { inputs: held(`${path}/0`, network.widths[layer] + 1), outputs: held(`${path}/1`, outputs) };
    }),
  );
}

function outerProduct(column: Float32Array, row: Float32Array, n: number, dim: number, out: Float32Array): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < dim; j++) out[i * dim + j] = column[i] * row[j];
}

/** to += √p·((factor·u + gain·bias)/√p)·(v/√p), elementwise: the sketched product of both factors of one layer. */
function addProduct(
  to: Float32Array,
  u: Float32Array,
  v: Float32Array,
  n: number,
  dim: number,
  factor: number,
  gain: number,
  bias: Float32Array,
): void {
  const scale = 1 / Math.sqrt(dim);
  for (let i = 0; i < n; i++) {
    const at = i * dim;
    for (let j = 0; j < dim; j++) to[at + j] += scale * (factor * u[at + j] + gain * bias[j]) * v[at + j];
  }
}
