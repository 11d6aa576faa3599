// Matrix product in float32 and float64: out = alpha·op(A)·op(B) + beta·out.
//
// B is packed in slivers of 2 vectors of columns, A in slivers of 4 rows. The inner tile is 4 rows × 2 vectors: V8's
// register allocator holds 8 accumulators without spilling; most wider or taller tiles were measured to run at half the
// speed. Sums over k go in blocks of KC in rising order, so an element's bits depend on its row, its column and k alone,
// never on how rows and columns were split.

import { packedA, packedB, tileBuffer } from "./scratch";

const KC: usize = 256;
const MC: usize = 128;
/** Bytes of one packed row of B: 512 float32 or 256 float64. */
const NC_BYTES: usize = 2048;
/** Bytes of one row of a tile: 2 vectors. */
const NR_BYTES: usize = 32;

/** Adds one product of vectors to an accumulator. */
@inline function multiplyAdd<T>(acc: v128, s: v128, b: v128): v128 {
  return v128.add<T>(acc, v128.mul<T>(s, b));
}

/**
 * One tile: acc (4 rows × 2 vectors) = Σ_k row[k]·b[k], then out = alpha·acc + beta·out for its first `rows` × `cols`.
 * Not unrolled over k on purpose: V8 then schedules several steps into one another and spills accumulators
 * (26 instead of 40 GFLOP/s on Node 20).
 */
function tile<T>(
  kc: usize, a: usize, b: usize, out: usize, outStride: usize, rows: usize, cols: usize, alpha: T, beta: T,
): void {
  let c00 = v128.splat<T>(<T>0), c01 = v128.splat<T>(<T>0), c10 = v128.splat<T>(<T>0), c11 = v128.splat<T>(<T>0);
  let c20 = v128.splat<T>(<T>0), c21 = v128.splat<T>(<T>0), c30 = v128.splat<T>(<T>0), c31 = v128.splat<T>(<T>0);
  const end = b + kc * NR_BYTES;
  while (b < end) {
    const b0 = v128.load(b, 0), b1 = v128.load(b, 16);
    const s0 = v128.load_splat<T>(a, 0);
    c00 = multiplyAdd<T>(c00, s0, b0);
    c01 = multiplyAdd<T>(c01, s0, b1);
    const s1 = v128.load_splat<T>(a, sizeof<T>());
    c10 = multiplyAdd<T>(c10, s1, b0);
    c11 = multiplyAdd<T>(c11, s1, b1);
    const s2 = v128.load_splat<T>(a, 2 * sizeof<T>());
    c20 = multiplyAdd<T>(c20, s2, b0);
    c21 = multiplyAdd<T>(c21, s2, b1);
    const s3 = v128.load_splat<T>(a, 3 * sizeof<T>());
    c30 = multiplyAdd<T>(c30, s3, b0);
    c31 = multiplyAdd<T>(c31, s3, b1);
    a += 4 * sizeof<T>();
    b += NR_BYTES;
  }
  const va = v128.splat<T>(alpha);
  if (rows == 4 && cols * sizeof<T>() == NR_BYTES) {
    storeRow<T>(out, v128.mul<T>(va, c00), v128.mul<T>(va, c01), beta);
    storeRow<T>(out + outStride, v128.mul<T>(va, c10), v128.mul<T>(va, c11), beta);
    storeRow<T>(out + 2 * outStride, v128.mul<T>(va, c20), v128.mul<T>(va, c21), beta);
    storeRow<T>(out + 3 * outStride, v128.mul<T>(va, c30), v128.mul<T>(va, c31), beta);
  } else {
    const t = tileBuffer();
    v128.store(t, v128.mul<T>(va, c00), 0); v128.store(t, v128.mul<T>(va, c01), 16);
    v128.store(t, v128.mul<T>(va, c10), 32); v128.store(t, v128.mul<T>(va, c11), 48);
    v128.store(t, v128.mul<T>(va, c20), 64); v128.store(t, v128.mul<T>(va, c21), 80);
    v128.store(t, v128.mul<T>(va, c30), 96); v128.store(t, v128.mul<T>(va, c31), 112);
    storePartial<T>(out, outStride, rows, cols, beta);
  }
}

@inline function storeRow<T>(out: usize, left: v128, right: v128, beta: T): void {
  if (beta != <T>0) {
    const vb = v128.splat<T>(beta);
    left = v128.add<T>(left, v128.mul<T>(vb, v128.load(out, 0)));
    right = v128.add<T>(right, v128.mul<T>(vb, v128.load(out, 16)));
  }
  v128.store(out, left, 0);
  v128.store(out, right, 16);
}

function storePartial<T>(out: usize, outStride: usize, rows: usize, cols: usize, beta: T): void {
  const t = tileBuffer();
  for (let i: usize = 0; i < rows; i++) {
    for (let j: usize = 0; j < cols; j++) {
      const at = out + i * outStride + j * sizeof<T>();
      let value = load<T>(t + i * NR_BYTES + j * sizeof<T>());
      if (beta != <T>0) value += beta * load<T>(at);
      store<T>(at, value);
    }
  }
}

/** Packs mc×kc values of A (m×k stored) into slivers of 4 rows per k; missing rows become 0. */
function packA<T>(a: usize, aStride: usize, mc: usize, kc: usize): void {
  let to = packedA();
  const size = sizeof<T>();
  for (let i: usize = 0; i < mc; i += 4) {
    const rows = min<usize>(4, mc - i);
    const from = a + i * aStride;
    let k: usize = 0;
    if (rows == 4) {
      for (; k + 4 <= kc; k += 4) {
        const at = to + k * 4 * size;
        if (sizeof<T>() == 4) {
          transposeF32(from + k * 4, aStride, at, 16);
        } else {
          transposeF64(from + k * 8, aStride, at, 32);
          transposeF64(from + k * 8 + 16, aStride, at + 64, 32);
        }
      }
    }
    for (; k < kc; k++) {
      for (let r: usize = 0; r < 4; r++) {
        store<T>(to + (k * 4 + r) * size, r < rows ? load<T>(from + r * aStride + k * size) : <T>0);
      }
    }
    to += kc * 4 * size;
  }
}

/** Packs mc×kc values of op(A) = Aᵀ (k×m stored) as `packA` does. */
function packTransposedA<T>(a: usize, aStride: usize, mc: usize, kc: usize): void {
  let to = packedA();
  for (let i: usize = 0; i < mc; i += 4) {
    const rows = min<usize>(4, mc - i);
    let from = a + i * sizeof<T>();
    for (let k: usize = 0; k < kc; k++) {
      if (rows == 4) {
        v128.store(to, v128.load(from));
        if (sizeof<T>() == 8) v128.store(to, v128.load(from, 16), 16);
      } else {
        for (let r: usize = 0; r < 4; r++) store<T>(to + r * sizeof<T>(), r < rows ? load<T>(from + r * sizeof<T>()) : <T>0);
      }
      from += aStride;
      to += 4 * sizeof<T>();
    }
  }
}

/** Packs kc×nc values of B (k×n stored) into slivers of 2 vectors per k; missing columns become 0. */
function packB<T>(b: usize, bStride: usize, kc: usize, nc: usize): void {
  const nr: usize = NR_BYTES / sizeof<T>();
  let to = packedB();
  for (let j: usize = 0; j < nc; j += nr) {
    const cols = min<usize>(nr, nc - j);
    let from = b + j * sizeof<T>();
    for (let k: usize = 0; k < kc; k++) {
      if (cols == nr) {
        v128.store(to, v128.load(from), 0);
        v128.store(to, v128.load(from, 16), 16);
      } else {
        for (let q: usize = 0; q < nr; q++) store<T>(to + q * sizeof<T>(), q < cols ? load<T>(from + q * sizeof<T>()) : <T>0);
      }
      from += bStride;
      to += NR_BYTES;
    }
  }
}

/** Packs kc×nc values of op(B) = Bᵀ (n×k stored) as `packB` does. */
function packTransposedB<T>(b: usize, bStride: usize, kc: usize, nc: usize): void {
  const nr: usize = NR_BYTES / sizeof<T>();
  let to = packedB();
  for (let j: usize = 0; j < nc; j += nr) {
    const cols = min<usize>(nr, nc - j);
    const from = b + j * bStride;
    let k: usize = 0;
    if (cols == nr) {
      for (; k + 4 <= kc; k += 4) {
        const at = to + k * NR_BYTES;
        if (sizeof<T>() == 4) {
          transposeF32(from + k * 4, bStride, at, NR_BYTES);
          transposeF32(from + 4 * bStride + k * 4, bStride, at + 16, NR_BYTES);
        } else {
          transposeF64(from + k * 8, bStride, at, NR_BYTES);
          transposeF64(from + k * 8 + 16, bStride, at + 2 * NR_BYTES, NR_BYTES);
        }
      }
    }
    for (; k < kc; k++) {
      for (let q: usize = 0; q < nr; q++) {
        store<T>(to + k * NR_BYTES + q * sizeof<T>(), q < cols ? load<T>(from + q * bStride + k * sizeof<T>()) : <T>0);
      }
    }
    to += kc * NR_BYTES;
  }
}

/** Writes 4 rows × 4 float32 as its transpose, rows of the result `toStride` apart. */
@inline function transposeF32(from: usize, stride: usize, to: usize, toStride: usize): void {
  const r0 = v128.load(from), r1 = v128.load(from + stride);
  const r2 = v128.load(from + 2 * stride), r3 = v128.load(from + 3 * stride);
  const lo01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), hi01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const lo23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5), hi23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(lo01, lo23, 0, 2));
  v128.store(to + toStride, v128.shuffle<i64>(lo01, lo23, 1, 3));
  v128.store(to + 2 * toStride, v128.shuffle<i64>(hi01, hi23, 0, 2));
  v128.store(to + 3 * toStride, v128.shuffle<i64>(hi01, hi23, 1, 3));
}

/** Writes 4 rows × 2 float64 as its transpose. */
@inline function transposeF64(from: usize, stride: usize, to: usize, toStride: usize): void {
  const r0 = v128.load(from), r1 = v128.load(from + stride);
  const r2 = v128.load(from + 2 * stride), r3 = v128.load(from + 3 * stride);
  v128.store(to, v128.shuffle<i64>(r0, r1, 0, 2), 0);
  v128.store(to, v128.shuffle<i64>(r2, r3, 0, 2), 16);
  v128.store(to + toStride, v128.shuffle<i64>(r0, r1, 1, 3), 0);
  v128.store(to + toStride, v128.shuffle<i64>(r2, r3, 1, 3), 16);
}

/** Multiplies the packed block of A with the packed block of B. */
function block<T>(mc: usize, nc: usize, kc: usize, out: usize, outStride: usize, alpha: T, beta: T): void {
  const nr: usize = NR_BYTES / sizeof<T>();
  let b = packedB();
  for (let j: usize = 0; j < nc; j += nr) {
    const cols = min<usize>(nr, nc - j);
    for (let i: usize = 0; i < mc; i += 4) {
      const rows = min<usize>(4, mc - i);
      const to = out + i * outStride + j * sizeof<T>();
      tile<T>(kc, packedA() + i * kc * sizeof<T>(), b, to, outStride, rows, cols, alpha, beta);
    }
    b += kc * NR_BYTES;
  }
}

function scaleOutput<T>(m: usize, n: usize, out: usize, outStride: usize, beta: T): void {
  for (let i: usize = 0; i < m; i++) {
    for (let j: usize = 0; j < n; j++) {
      const at = out + i * outStride + j * sizeof<T>();
      store<T>(at, beta == <T>0 ? <T>0 : beta * load<T>(at));
    }
  }
}

/** Strides in elements. `transA`: A is stored k×m; `transB`: B is stored n×k. */
export function gemm<T>(
  m: usize, n: usize, k: usize, a: usize, lda: usize, transA: bool, b: usize, ldb: usize, transB: bool,
  out: usize, ldc: usize, alpha: T, beta: T,
): void {
  const size = sizeof<T>();
  const aStride = lda * size, bStride = ldb * size, outStride = ldc * size;
  if (k == 0) scaleOutput<T>(m, n, out, outStride, beta);
  for (let jc: usize = 0; jc < n; jc += NC_BYTES / size) {
    const nc = min<usize>(NC_BYTES / size, n - jc);
    for (let pc: usize = 0; pc < k; pc += KC) {
      const kc = min<usize>(KC, k - pc);
      const blockBeta = pc == 0 ? beta : <T>1;
      if (transB) packTransposedB<T>(b + jc * bStride + pc * size, bStride, kc, nc);
      else packB<T>(b + pc * bStride + jc * size, bStride, kc, nc);
      for (let ic: usize = 0; ic < m; ic += MC) {
        const mc = min<usize>(MC, m - ic);
        if (transA) packTransposedA<T>(a + pc * aStride + ic * size, aStride, mc, kc);
        else packA<T>(a + ic * aStride + pc * size, aStride, mc, kc);
        block<T>(mc, nc, kc, out + ic * outStride + jc * size, outStride, alpha, blockBeta);
      }
    }
  }
}

export function gemmF32(
  m: usize, n: usize, k: usize, a: usize, lda: usize, transA: bool, b: usize, ldb: usize, transB: bool,
  out: usize, ldc: usize, alpha: f32, beta: f32,
): void {
  gemm<f32>(m, n, k, a, lda, transA, b, ldb, transB, out, ldc, alpha, beta);
}
