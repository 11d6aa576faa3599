// Sparse rows times a dense matrix. 32 columns of the output stay in eight registers while the entries of a row are
// walked; keeping the output row in the cache instead costs a load and a store per four products.

import { loadPartial, storePartial } from "./vectors";

/** out (nRows×k) = sparse · dense; `starts` has nRows + 1 entries, column numbers must have been checked by the host. */
export function sparseTimesDense(
  nRows: usize, starts: usize, columns: usize, values: usize, dense: usize, k: usize, out: usize,
): void {
  const stride = k * 4;
  for (let i: usize = 0; i < nRows; i++) {
    const first = <usize>load<u32>(starts + i * 4), end = <usize>load<u32>(starts + i * 4, 4);
    const to = out + i * stride;
    let j: usize = 0;
    for (; j + 32 <= k; j += 32) tile32(first, end, columns, values, dense + j * 4, stride, to + j * 4);
    for (; j < k; j += 4) tile4(first, end, columns, values, dense + j * 4, stride, to + j * 4, min<usize>(4, k - j));
  }
}

@inline function tile32(
  first: usize, end: usize, columns: usize, values: usize, dense: usize, stride: usize, to: usize,
): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  let s4 = f32x4.splat(0), s5 = f32x4.splat(0), s6 = f32x4.splat(0), s7 = f32x4.splat(0);
  for (let p = first; p < end; p++) {
    const row = dense + <usize>load<u32>(columns + p * 4) * stride;
    const value = f32x4.splat(load<f32>(values + p * 4));
    s0 = f32x4.add(s0, f32x4.mul(value, v128.load(row, 0)));
    s1 = f32x4.add(s1, f32x4.mul(value, v128.load(row, 16)));
    s2 = f32x4.add(s2, f32x4.mul(value, v128.load(row, 32)));
    s3 = f32x4.add(s3, f32x4.mul(value, v128.load(row, 48)));
    s4 = f32x4.add(s4, f32x4.mul(value, v128.load(row, 64)));
    s5 = f32x4.add(s5, f32x4.mul(value, v128.load(row, 80)));
    s6 = f32x4.add(s6, f32x4.mul(value, v128.load(row, 96)));
    s7 = f32x4.add(s7, f32x4.mul(value, v128.load(row, 112)));
  }
  v128.store(to, s0, 0);
  v128.store(to, s1, 16);
  v128.store(to, s2, 32);
  v128.store(to, s3, 48);
  v128.store(to, s4, 64);
  v128.store(to, s5, 80);
  v128.store(to, s6, 96);
  v128.store(to, s7, 112);
}

@inline function tile4(
  first: usize, end: usize, columns: usize, values: usize, dense: usize, stride: usize, to: usize, count: usize,
): void {
  let sum = f32x4.splat(0);
  for (let p = first; p < end; p++) {
    const row = dense + <usize>load<u32>(columns + p * 4) * stride;
    const part = count == 4 ? v128.load(row) : loadPartial(row, count);
    sum = f32x4.add(sum, f32x4.mul(f32x4.splat(load<f32>(values + p * 4)), part));
  }
  if (count == 4) v128.store(to, sum);
  else storePartial(to, sum, count);
}
