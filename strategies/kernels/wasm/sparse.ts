import { checkLength } from "../checkLength";
import { checkSparse } from "../reference/sparse";
import type { SparseKernels } from "../types";
import type { KernelArena } from "./arena";
import type { KernelExports } from "./webAssembly";

/** Entries multiplied at a time when the sparse matrix or the output has to be copied. */
const BLOCK_ENTRIES = 64 * 1024;
const BLOCK_OUTPUTS = 256 * 1024;

export function createSparseKernels(exports: KernelExports, arena: KernelArena): SparseKernels {
  return {
    sparseTimesDense({ nRows, nColumns, starts, columns, values, dense, k, out }) {
      checkSparse(nRows, nColumns, starts, columns, values);
      checkLength("sparseTimesDense", "dense", dense, nColumns * k);
      checkLength("sparseTimesDense", "out", out, nRows * k);
      if (nRows === 0 || k === 0) return;
      const [startsAt, columnsAt, valuesAt, outAt] = [starts, columns, values, out].map((x) => arena.pointerOf(x));
      const mark = arena.mark();
      try {
        const denseAt = inside(arena, dense.subarray(0, nColumns * k)).byteOffset;
        if (startsAt >= 0 && columnsAt >= 0 && valuesAt >= 0 && outAt >= 0) {
          exports.sparseTimesDense(nRows, startsAt, columnsAt, valuesAt, denseAt, k, outAt);
          return;
        }
        for (let first = 0; first < nRows; ) {
          const end = blockEnd(starts, first, nRows, k);
          const blockMark = arena.mark();
          const blockStarts = arena.allocI32(end - first + 1);
          for (let i = first; i <= end; i++) blockStarts[i - first] = starts[i] - starts[first];
          const blockColumns = arena.allocI32(starts[end] - starts[first]);
          blockColumns.set(columns.subarray(starts[first], starts[end]));
          const blockValues = inside(arena, values.subarray(starts[first], starts[end]));
          const blockOut = outAt >= 0 ? out.subarray(first * k, end * k) : arena.allocF32((end - first) * k);
          exports.sparseTimesDense(
            end - first,
            ...([blockStarts.byteOffset, blockColumns.byteOffset, blockValues.byteOffset] as const),
            denseAt,
            k,
            blockOut.byteOffset,
          );
          if (outAt < 0) out.set(blockOut, first * k);
          arena.release(blockMark);
          first = end;
        }
      } finally {
        arena.release(mark);
      }
    },
  };
}

function inside(arena: KernelArena, array: Float32Array): Float32Array {
  if (arena.pointerOf(array) >= 0) return array;
  const copy = arena.allocF32(array.length);
  copy.set(array);
  return copy;
}

/** The row after the last one of a block that starts at `first`: at least one row, else within the block limits. */
function blockEnd(starts: Int32Array, first: number, nRows: number, k: number): number {
  let end = first + 1;
  while (end < nRows && starts[end + 1] - starts[first] <= BLOCK_ENTRIES && (end + 1 - first) * k <= BLOCK_OUTPUTS)
    end++;
  return end;
}
