import type { Kernels } from "../../kernels/types";
import { allocFloats, multiply } from "./floats";

/** Columns of one strip: only strips up to the diagonal are multiplied, which halves the work. */
const STRIP = 128;
/** Rows transposed at a time: 1024 × 512 float64 are 4 MiB. */
const BLOCK_ROWS = 1024;

/** out (d×d) = XᵀX for X n×d, by its lower triangle. Cost n·d². */
export function gramMatrix(kernels: Kernels, x: Float64Array, n: number, d: number, out: Float64Array): void {
  const mark = kernels.mark();
  const block = allocFloats(kernels, "f64", d * BLOCK_ROWS);
  const starts = stripStarts(d);
  const strips = starts.map((start) => allocFloats(kernels, "f64", (stripEnd(start, d) - start) * stripEnd(start, d)));
  for (let first = 0; first < n; first += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, n - first);
    transpose(x, first, count, d, block);
    starts.forEach((start, index) => {
      const end = stripEnd(start, d);
      const a = block.subarray(start * count, end * count);
      const beta = first === 0 ? 0 : 1;
      multiply(kernels, { m: end - start, n: end, k: count, a, b: block, out: strips[index], transB: true, beta });
    });
  }
  starts.forEach((start, index) => {
    const end = stripEnd(start, d);
    for (let i = start; i < end; i++) {
      for (let j = 0; j < end; j++) {
        const value = strips[index][(i - start) * end + j];
        out[i * d + j] = value;
        out[j * d + i] = value;
      }
    }
  });
  kernels.release(mark);
}

/** out[i] = x_iᵀ M x_i of every row, M symmetric d×d. Cost n·d². */
export function quadraticForms(
  kernels: Kernels,
  x: Float64Array,
  n: number,
  d: number,
  matrix: Float64Array,
  out: Float64Array,
): void {
  const mark = kernels.mark();
  const block = allocFloats(kernels, "f64", d * BLOCK_ROWS);
  const product = allocFloats(kernels, "f64", STRIP * BLOCK_ROWS);
  const starts = stripStarts(d);
  // Entries below the diagonal blocks stand for their mirror images too.
  const strips = starts.map((start) => {
    const end = stripEnd(start, d);
    const strip = allocFloats(kernels, "f64", (end - start) * end);
    for (let i = start; i < end; i++) {
      for (let j = 0; j < end; j++) strip[(i - start) * end + j] = (j < start ? 2 : 1) * matrix[i * d + j];
    }
    return strip;
  });
  for (let first = 0; first < n; first += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, n - first);
    transpose(x, first, count, d, block);
    out.fill(0, first, first + count);
    starts.forEach((start, index) => {
      const end = stripEnd(start, d);
      multiply(kernels, { m: end - start, n: count, k: end, a: strips[index], b: block, out: product });
      for (let j = start; j < end; j++) {
        const [from, at] = [(j - start) * count, j * count];
        for (let i = 0; i < count; i++) out[first + i] += product[from + i] * block[at + i];
      }
    });
  }
  kernels.release(mark);
}

function stripStarts(d: number): number[] {
  return Array.from({ length: Math.ceil(d / STRIP) }, (_, index) => index * STRIP);
}

function stripEnd(start: number, d: number): number {
  return Math.min(d, start + STRIP);
}

/** to (d×count) = rows first … first + count − 1 of x (·×d), transposed. */
function transpose(x: Float64Array, first: number, count: number, d: number, to: Float64Array): void {
  for (let i = 0; i < count; i++) {
    const from = (first + i) * d;
    for (let j = 0; j < d; j++) to[j * count + i] = x[from + j];
  }
}
