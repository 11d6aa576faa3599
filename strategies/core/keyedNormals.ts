import type { KeyedRandom } from "./keyedRandom";

/**
 * Standard normal draws without a sequence: draw `index` of stream `stream`, by Box and Muller's transform. Draws of one
 * stream do not depend on how many are taken of it or of others.
 *
 * @param out filled with draws 0 … out.length − 1 of the stream.
 */
export function fillNormals(random: KeyedRandom, stream: number, out: Float32Array | Float64Array): void {
  for (let i = 0; i < out.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(random.uniform(i, 2 * stream)));
    const angle = 2 * Math.PI * random.uniform(i, 2 * stream + 1);
    out[i] = radius * Math.cos(angle);
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle);
  }
}
