/** Throws a RangeError when an array is shorter than the shape it is said to have. */
export function checkLength(kernel: string, name: string, array: ArrayLike<number>, needed: number): void {
  if (!Number.isSafeInteger(needed) || needed < 0) {
    throw new RangeError(`${kernel}: the shape of ${name} must be made of whole numbers ≥ 0, got ${needed} elements.`);
  }
  if (array.length < needed) {
    throw new RangeError(
      `${kernel}: ${name} must hold at least ${needed} elements for this shape, got ${array.length}.`,
    );
  }
}

/** Throws a RangeError unless every one of the first n labels lies in 0 … c − 1. */
export function checkLabels(kernel: string, labels: Int32Array, n: number, c: number): void {
  for (let i = 0; i < n; i++) {
    if (labels[i] < 0 || labels[i] >= c) {
      throw new RangeError(`${kernel}: labels must lie in 0 … ${c - 1}, got ${labels[i]} at position ${i}.`);
    }
  }
}

/** Output height or width of a window slid over an axis. */
export function windowCount(length: number, window: number, stride: number, pad: number): number {
  return length + 2 * pad < window ? 0 : Math.floor((length + 2 * pad - window) / stride) + 1;
}
