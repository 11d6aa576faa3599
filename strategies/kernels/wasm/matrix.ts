import { checkLength, windowCount } from "../checkLength";
import type { Kernels } from "../types";
import type { KernelArena } from "./arena";
import { createStagedGemm } from "./gemm";
import { runInBlocks } from "./runInBlocks";
import type { KernelExports, Pointer } from "./webAssembly";

type MatrixKernels = Pick<
  Kernels,
  "gemm" | "im2col" | "col2im" | "cholesky" | "choleskySolve" | "solveLower" | "solveLowerTransposed"
>;

export function createMatrixKernels(exports: KernelExports, arena: KernelArena): MatrixKernels {
  const solve = (
    name: "solveLower" | "solveLowerTransposed",
    l: Float64Array,
    n: number,
    b: Float64Array,
    r: number,
  ) => {
    checkLength(name, "l", l, n * n);
    checkLength(name, "b", b, n * r);
    withF64(arena, [l.subarray(0, n * n), b.subarray(0, n * r)], ([lAt, bAt]) => {
      exports[name](lAt, n, bAt, r);
      return [false, true];
    });
  };
  return {
    gemm: createStagedGemm(exports, arena),
    ...createPatchKernels(exports, arena),

    cholesky(a, n) {
      checkLength("cholesky", "a", a, n * n);
      let isFactored = false;
      withF64(arena, [a.subarray(0, n * n)], ([at]) => {
        isFactored = exports.cholesky(at, n) !== 0;
        return [isFactored];
      });
      return isFactored;
    },
    solveLower: (l, n, b, r) => solve("solveLower", l, n, b, r),
    solveLowerTransposed: (l, n, b, r) => solve("solveLowerTransposed", l, n, b, r),
    choleskySolve(l, n, b, r) {
      checkLength("choleskySolve", "l", l, n * n);
      checkLength("choleskySolve", "b", b, n * r);
      withF64(arena, [l.subarray(0, n * n), b.subarray(0, n * r)], ([lAt, bAt]) => {
        exports.solveLower(lAt, n, bAt, r);
        exports.solveLowerTransposed(lAt, n, bAt, r);
        return [false, true];
      });
    },
  };
}

function createPatchKernels(exports: KernelExports, arena: KernelArena): Pick<Kernels, "im2col" | "col2im"> {
  return {
    im2col({ x, n, h, w, c, kh, kw, stride, pad, out }) {
      const oh = windowCount(h, kh, stride, pad);
      const ow = windowCount(w, kw, stride, pad);
      const perOut = oh * ow * kh * kw * c;
      checkLength("im2col", "x", x, n * h * w * c);
      checkLength("im2col", "out", out, n * perOut);
      const operands = [
        { array: x, perRow: h * w * c, access: "read" },
        { array: out, perRow: perOut, access: "write" },
      ] as const;
      runInBlocks(arena, "im2col", n, 1, operands, ([from, to], { count }) => {
        exports.im2col(from, count, h, w, c, kh, kw, stride, pad, oh, ow, to);
      });
    },

    col2im({ columns, n, h, w, c, kh, kw, stride, pad, out }) {
      const oh = windowCount(h, kh, stride, pad);
      const ow = windowCount(w, kw, stride, pad);
      const perColumns = oh * ow * kh * kw * c;
      checkLength("col2im", "columns", columns, n * perColumns);
      checkLength("col2im", "out", out, n * h * w * c);
      const operands = [
        { array: columns, perRow: perColumns, access: "read" },
        { array: out, perRow: h * w * c, access: "write" },
      ] as const;
      runInBlocks(arena, "col2im", n, 1, operands, ([from, to], { count }) => {
        exports.col2im(from, count, h, w, c, kh, kw, stride, pad, oh, ow, to);
      });
    },
  };
}

/** Runs with float64 arrays in kernel memory; foreign ones are copied in whole, and back where `use` answers true. */
function withF64(arena: KernelArena, arrays: Float64Array[], use: (pointers: Pointer[]) => boolean[]): void {
  const mark = arena.mark();
  try {
    const inside = arrays.map((array) => {
      if (arena.pointerOf(array) >= 0) return array;
      const copy = arena.allocF64(array.length);
      copy.set(array);
      return copy;
    });
    const isChanged = use(inside.map((array) => array.byteOffset));
    arrays.forEach((array, index) => {
      if (isChanged[index] && inside[index] !== array) array.set(inside[index]);
    });
  } finally {
    arena.release(mark);
  }
}
