/**
 * Labelled draws from a test frame, without replacement and in draw order. Draw m took its item with probability q[m]
 * among the items not drawn before it; q may depend on everything known before the draw and on nothing later.
 */
export interface TestDraws {
  /** Size N of the frame, fixed before the first draw. Never the number of items that are left. */
  readonly poolSize: number;
  /** Probability actually used at each draw, after floors and mixing; in (0, 1]. It is history and is never recomputed. */
  readonly q: ArrayLike<number>;
  /** Loss of the evaluated model on each drawn item. */
  readonly losses: ArrayLike<number>;
}

/** The design of the draws alone: everything the weights depend on. */
export type DrawDesign = Pick<TestDraws, "poolSize" | "q">;

/** @throws RangeError naming the draw whose probability or loss cannot be. */
export function checkDraws(name: string, draws: TestDraws): void {
  checkDesign(name, draws);
  const { q, losses } = draws;
  if (losses.length !== q.length)
    throw new RangeError(`${name}: ${q.length} probabilities and ${losses.length} losses.`);
  for (let m = 0; m < losses.length; m++) {
    if (!Number.isFinite(losses[m])) {
      throw new RangeError(`${name}: the loss of draw ${m + 1} is ${losses[m]}; a finite number was expected.`);
    }
  }
}

/** @throws RangeError when there are more draws than items, or a probability is outside (0, 1]. */
export function checkDesign(name: string, { poolSize, q }: DrawDesign): void {
  if (!(Number.isInteger(poolSize) && poolSize >= 1)) {
    throw new RangeError(`${name}: the frame size must be an integer ≥ 1, got ${poolSize}.`);
  }
  if (q.length > poolSize) throw new RangeError(`${name}: ${q.length} draws from a frame of ${poolSize} items.`);
  for (let m = 0; m < q.length; m++) {
    if (!(q[m] > 0 && q[m] <= 1 + 1e-9)) {
      throw new RangeError(
        `${name}: the probability of draw ${m + 1} is ${q[m]}; a number above 0 and at most 1 was expected.`,
      );
    }
  }
}
