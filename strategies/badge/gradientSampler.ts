import { kernelFloats } from "../core/embeddingBlock";
import type { Kernels } from "../kernels/types";
import type { GradientFactors } from "./gradientFactors";

/**
 * K-means++ over gradients: keeps of every row the squared distance to the nearest centre and draws the next row in
 * proportion to it. One centre costs one pass over the rows that it may come near to.
 */
export class GradientSampler {
  /** Centre each row is nearest to, in the order they were added; −1 before the first. */
  readonly closest: Int32Array;
  nCentres = 0;
  private readonly minDist: Float32Array;
  private readonly isOpen: Uint8Array;
  private readonly cumulative: Float64Array;

  /** @param isOpen 1 for rows that may be drawn; the others can still be centres. */
  constructor(
    private readonly kernels: Kernels,
    private readonly factors: GradientFactors,
    isOpen: Uint8Array,
  ) {
    this.isOpen = isOpen.slice();
    this.minDist = kernelFloats(kernels, factors.n).fill(Number.POSITIVE_INFINITY);
    this.closest = new Int32Array(factors.n).fill(-1);
    this.cumulative = new Float64Array(factors.n);
  }

  /** The row is never drawn again; later draws keep away from it. */
  addCentre(index: number): void {
    const { factors, minDist, closest } = this;
    const { x, p, d, c, lengths, norms } = factors;
    const centre = this.nCentres++;
    this.kernels.gradientDistanceUpdate({
      ...factors,
      center: x.subarray(index * d, (index + 1) * d),
      centerLength: lengths[index],
      centerP: p.subarray(index * c, (index + 1) * c),
      centerNorm: norms[index],
      minDist,
      closest,
      centerIndex: centre,
    });
    this.isOpen[index] = 0;
    // The distance of a row to itself is what float32 leaves of 0; rows that coincide with it get the same.
    const residue = minDist[index];
    minDist[index] = 0;
    if (!(residue > 0)) return;
    for (let i = 0; i < factors.n; i++) if (closest[i] === centre && minDist[i] <= residue) minDist[i] = 0;
  }

  /** The row is never drawn again, but is no centre either. */
  exclude(index: number): void {
    this.isOpen[index] = 0;
  }

  /** The open row with the longest gradient (lowest on ties), or −1. */
  longest(): number {
    const { norms, n } = this.factors;
    let best = -1;
    for (let i = 0; i < n; i++) if (this.isOpen[i] === 1 && (best < 0 || norms[i] > norms[best])) best = i;
    return best;
  }

  /**
   * The first open row whose cumulated squared distance reaches u times the total; −1 when every open row coincides with
   * a centre. Needs a centre.
   * @param u uniform in (0, 1).
   */
  draw(u: number): number {
    const { cumulative } = this;
    const total = this.accumulate();
    if (!(total > 0)) return -1;
    const target = u * total;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle] >= target) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** What each row's chance in the next draw is. */
  probabilities(): Float64Array {
    const total = this.accumulate();
    return this.cumulative.map((value, i) => (value - (i === 0 ? 0 : this.cumulative[i - 1])) / total);
  }

  private accumulate(): number {
    const { minDist, isOpen, cumulative } = this;
    let total = 0;
    for (let i = 0; i < cumulative.length; i++) {
      if (isOpen[i] === 1) total += minDist[i];
      cumulative[i] = total;
    }
    return total;
  }
}
