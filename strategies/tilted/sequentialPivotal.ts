/** Probabilities this near to 0 or 1 are rounding and count as decided. */
const DECIDED = 1e-10;

/**
 * A sample with exactly the given inclusion probabilities and, where they sum to a whole number, exactly that size: each row
 * in turn meets the one still undecided.
 *
 * @param pi   in [0, 1], in an order that does not depend on row numbers.
 * @param draw uniform in (0, 1), one per position.
 * @returns 1 where the position is in the sample.
 * Cost O(n). Source: Deville & Tillé 1998, "Unequal probability sampling without replacement through a splitting method".
 */
export function sequentialPivotal(pi: Float64Array, draw: (position: number) => number): Uint8Array {
  const isIn = new Uint8Array(pi.length);
  let open = -1;
  let share = 0;
  for (let i = 0; i < pi.length; i++) {
    const own = pi[i];
    if (own > 1 - DECIDED) isIn[i] = 1;
    if (own > 1 - DECIDED || own < DECIDED) continue;
    if (open < 0) {
      open = i;
      share = own;
      continue;
    }
    const sum = share + own;
    const isShort = sum < 1;
    const stays = draw(i) < (isShort ? share / sum : (1 - own) / (2 - sum));
    const winner = stays ? open : i;
    const loser = stays ? i : open;
    if (!isShort) isIn[winner] = 1;
    open = isShort ? winner : loser;
    share = isShort ? sum : sum - 1;
    if (share > 1 - DECIDED) isIn[open] = 1;
    if (share > 1 - DECIDED || share < DECIDED) open = -1;
  }
  // With a whole sum what is left is 0 or 1 but for rounding.
  if (open >= 0 && draw(open) < share) isIn[open] = 1;
  return isIn;
}
