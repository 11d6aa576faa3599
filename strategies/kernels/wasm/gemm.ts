import { checkLength } from "../checkLength";
import type { Kernels } from "../types";
import type { KernelArena } from "./arena";
import { runInBlocks } from "./runInBlocks";
import type { KernelExports, Pointer } from "./webAssembly";

type GemmArguments = Required<Parameters<Kernels["gemm"]>[0]>;

/** A product with so few columns is a few dot products per row: packing would cost more than the arithmetic. */
const DOT_COLUMNS_MAX = 4;
/** Steps of k must be whole blocks of the kernel (256), or sums would be split differently than in one call. */
const TILE_K = 1024;
const TILE_N = 512;
const TILE_BYTES = 1024 * 1024;

/** A matrix inside kernel memory, or one that has to be copied tile by tile. */
interface Side {
  array: Float32Array;
  pointer: Pointer;
  /** Elements from one stored row to the next. */
  ld: number;
  isTransposed: boolean;
}

export function createStagedGemm(exports: KernelExports, arena: KernelArena): Kernels["gemm"] {
  return ({ m, n, k, a, b, out, transA = false, transB = false, alpha = 1, beta = 0 }) => {
    checkLength("gemm", "a", a, m * k);
    checkLength("gemm", "b", b, k * n);
    checkLength("gemm", "out", out, m * n);
    if (m === 0 || n === 0) return;
    const args = { m, n, k, a, b, out, transA, transB, alpha, beta };
    if (n <= DOT_COLUMNS_MAX && !transA && k > 0) return rowDots(exports, arena, args);
    const sideA = { array: a, pointer: arena.pointerOf(a), ld: transA ? m : k, isTransposed: transA };
    const sideB = { array: b, pointer: arena.pointerOf(b), ld: transB ? k : n, isTransposed: transB };
    const outPointer = arena.pointerOf(out);
    if (sideA.pointer >= 0 && sideB.pointer >= 0 && outPointer >= 0) {
      const { pointer: aAt, ld: lda } = sideA;
      exports.gemmF32(m, n, k, aAt, lda, +transA, sideB.pointer, sideB.ld, +transB, outPointer, n, alpha, beta);
      return;
    }
    tiledGemm(exports, arena, args, sideA, sideB, outPointer);
  };
}

/** out (m×n) with few columns: every row of a against the columns of b, which are laid out as rows first. */
function rowDots(exports: KernelExports, arena: KernelArena, args: GemmArguments): void {
  const { m, n, k, a, b, out, transB, alpha, beta } = args;
  const columns = new Float32Array(n * k);
  for (let j = 0; j < n; j++) {
    for (let l = 0; l < k; l++) columns[j * k + l] = transB ? b[j * k + l] : b[l * n + j];
  }
  const operands = [
    { array: a, perRow: k, access: "read" },
    { array: out, perRow: n, access: beta === 0 ? "write" : "both" },
    { array: columns, perRow: { whole: n * k }, access: "read" },
  ] as const;
  runInBlocks(arena, "gemm", m, 1, operands, ([aAt, outAt, bAt], { count }) => {
    exports.dots(count, n, k, aAt, k, bAt, k, outAt, n, 1, alpha, beta);
  });
}

/** Copies the tiles of foreign matrices through the staging area; tiles of matrices in kernel memory are used in place. */
function tiledGemm(
  exports: KernelExports,
  arena: KernelArena,
  { m, n, k, out, alpha, beta }: GemmArguments,
  a: Side,
  b: Side,
  outPointer: Pointer,
): void {
  const tileBytes = Math.min(TILE_BYTES, Math.floor(arena.stagingBytes / 4));
  const tileK = Math.min(k, tileBytes >= TILE_K * TILE_N * 2 ? TILE_K : 256);
  const tileN = Math.min(n, Math.max(8, Math.floor(Math.min(TILE_N, tileBytes / (4 * Math.max(1, tileK))) / 8) * 8));
  const tileM = Math.max(4, Math.floor(tileBytes / (4 * Math.max(1, tileK, tileN)) / 4) * 4);
  const offsetB = tileBytes;
  const offsetOut = 3 * tileBytes;
  for (let j = 0; j < n; j += tileN) {
    const nj = Math.min(tileN, n - j);
    for (let l = 0; l === 0 || l < k; l += tileK) {
      const kl = Math.min(tileK, k - l);
      const tileBeta = l === 0 ? beta : 1;
      const [bAt, ldb] = b.isTransposed ? tile(arena, b, j, nj, l, kl, offsetB) : tile(arena, b, l, kl, j, nj, offsetB);
      for (let i = 0; i < m; i += tileM) {
        const mi = Math.min(tileM, m - i);
        const [aAt, lda] = a.isTransposed ? tile(arena, a, l, kl, i, mi, 0) : tile(arena, a, i, mi, l, kl, 0);
        if (outPointer >= 0) {
          const outAt = outPointer + (i * n + j) * 4;
          exports.gemmF32(mi, nj, kl, aAt, lda, +a.isTransposed, bAt, ldb, +b.isTransposed, outAt, n, alpha, tileBeta);
        } else {
          const view = arena.stagingView(offsetOut, mi * nj);
          if (tileBeta !== 0) copyTile(view, nj, 0, out, n, i * n + j, mi, nj);
          const outAt = view.byteOffset;
          exports.gemmF32(mi, nj, kl, aAt, lda, +a.isTransposed, bAt, ldb, +b.isTransposed, outAt, nj, alpha, tileBeta);
          copyTile(out, n, i * n + j, view, nj, 0, mi, nj);
        }
      }
      if (tileK === 0) break;
    }
  }
}

/** Address and row length of a tile of stored rows and columns, copied to the staging area unless it is in memory. */
function tile(
  arena: KernelArena,
  side: Side,
  row: number,
  nRows: number,
  column: number,
  nColumns: number,
  offset: number,
): [Pointer, number] {
  const start = row * side.ld + column;
  if (side.pointer >= 0) return [side.pointer + start * 4, side.ld];
  const view = arena.stagingView(offset, nRows * nColumns);
  copyTile(view, nColumns, 0, side.array, side.ld, start, nRows, nColumns);
  return [view.byteOffset, nColumns];
}

function copyTile(
  to: Float32Array,
  toLd: number,
  toStart: number,
  from: Float32Array,
  fromLd: number,
  fromStart: number,
  nRows: number,
  nColumns: number,
): void {
  if (nRows === 0 || nColumns === 0) return;
  if (toLd === nColumns && fromLd === nColumns) {
    to.set(from.subarray(fromStart, fromStart + nRows * nColumns), toStart);
    return;
  }
  for (let i = 0; i < nRows; i++) {
    const start = fromStart + i * fromLd;
    to.set(from.subarray(start, start + nColumns), toStart + i * toLd);
  }
}
