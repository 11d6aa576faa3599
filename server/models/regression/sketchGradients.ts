import type { Multiply, NtkNetwork } from "@/strategies/bmdal/door";
import {
  bindNtkNetwork,
  gaussianMatrix,
  gradientFactors,
  gradientKernel,
  sketchKernel,
  sumKernel,
} from "@/strategies/bmdal/door";
import type { Kernels } from "@/strategies/kernels";

/** Rows of one pass: the factors of a 512-512 network for 1,024 rows take 10 MB. */
const BLOCK_ROWS = 1024;

/**
 * Sketch of the parameter gradient of one network, or of the summed kernels of several, for n rows of x: n×dim features
 * whose inner products approximate those of the whole gradients. In blocks of rows with the same random matrices, so
 * that nothing but x, the result and one block is held.
 *
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
    const draw = gaussianMatrix(seed, "gradient sketch");
    const held = new Map<string, Float32Array>();
    const gaussian = (path: string, rows: number, p: number): Float32Array => {
      const known = held.get(path);
      if (known === undefined) throw new Error(`No matrix was drawn for part ${path}, ${rows}×${p}.`);
      return known;
    };
    // All matrices first, in kernel memory below the blocks: they are used in place by every product.
    for (const [index, network] of networks.entries()) {
      for (const [layer, width] of network.widths.slice(0, -1).entries()) {
        for (const [factor, rows] of [width + 1, network.widths[layer + 1]].entries()) {
          const path = networks.length > 1 ? `${index}/${layer}/${factor}` : `${layer}/${factor}`;
          const matrix = kernels.allocF32(rows * dim);
          matrix.set(draw(path, rows, dim) as Float32Array);
          held.set(path, matrix);
        }
      }
    }
    const batchMax = Math.min(n, BLOCK_ROWS);
    const inside = networks.map((network) => {
      const parameters = kernels.allocF32(network.parameters.length);
      parameters.set(network.parameters);
      return { ...network, parameters };
    });
    const bound = inside.map((network) => bindNtkNetwork(network, { kernels, multiply, batchMax }));
    const block = kernels.allocF32(batchMax * d);
    for (let start = 0; start < n; start += batchMax) {
      const count = Math.min(batchMax, n - start);
      const blockMark = kernels.mark();
      block.set(x.subarray(start * d, (start + count) * d));
      const terms = [];
      for (const [index, network] of inside.entries()) {
        terms.push(gradientKernel(kernels, await gradientFactors(kernels, network, bound[index], block, count), count));
      }
      const sketch = sketchKernel(kernels, terms.length === 1 ? terms[0] : sumKernel(terms), dim, gaussian);
      out.set(sketch.values.subarray(0, count * dim), start * dim);
      kernels.release(blockMark);
    }
  } finally {
    kernels.release(mark);
  }
}
