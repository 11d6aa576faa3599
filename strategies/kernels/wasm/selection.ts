import { checkFisher, checkGradients } from "../reference/selection";
import type { SelectionKernels } from "../types";
import type { KernelArena } from "./arena";
import { runInBlocks } from "./runInBlocks";
import type { KernelExports, Pointer } from "./webAssembly";

/** Bytes copied at a time when float64 arrays lie outside the kernels' memory. */
const COPY_BYTES = 1 << 20;

export function createSelectionKernels(exports: KernelExports, arena: KernelArena): SelectionKernels {
  return {
    gradientDistanceUpdate: createGradientUpdate(exports, arena),

    fisherStep(args) {
      checkFisher(args);
      const { n, k, scales, p, products, a, b, sign, traces } = args;
      if (k === 0) traces.fill(0, 0, n);
      if (n === 0 || k === 0) return;
      const arrays = [scales, p, products, a, b, traces].filter((array) => array !== undefined);
      const isInside = arrays.every((array) => arena.pointerOf(array) >= 0);
      const rows = isInside ? n : Math.max(1, Math.floor(COPY_BYTES / (8 * k * (4 * k + 3))));
      for (let start = 0; start < n; start += rows) {
        const count = Math.min(rows, n - start);
        const part = (array: Float64Array, width: number) => array.subarray(start * width, (start + count) * width);
        const mark = arena.mark();
        try {
          const scalesAt = inside(arena, part(scales, k));
          const pAt = p === undefined ? 0 : inside(arena, part(p, k));
          const productsAt = products === undefined ? 0 : inside(arena, part(products, 2 * k * k));
          const copies = [place(arena, part(a, k * k), true), place(arena, part(b, k * k), true)];
          const out = place(arena, part(traces, 1), false);
          exports.fisherStep(
            ...([
              count,
              k,
              scalesAt,
              pAt,
              productsAt,
              copies[0].pointer,
              copies[1].pointer,
              sign,
              out.pointer,
            ] as const),
          );
          if (products !== undefined) for (const copy of copies) copy.writeBack();
          out.writeBack();
        } finally {
          arena.release(mark);
        }
      }
    },
  };
}

function createGradientUpdate(exports: KernelExports, arena: KernelArena): SelectionKernels["gradientDistanceUpdate"] {
  return (args) => {
    checkGradients(args);
    const { n, d, c, centerLength, centerNorm, centerIndex = -1 } = args;
    const operands = [
      { array: args.x, perRow: d, access: "read" },
      { array: args.lengths, perRow: 1, access: "read" },
      { array: args.p, perRow: c, access: "read" },
      { array: args.norms, perRow: 1, access: "read" },
      { array: args.minDist, perRow: 1, access: "both" },
      { array: args.closest, perRow: 1, access: "both" },
      { array: args.center, perRow: { whole: d }, access: "read" },
      { array: args.centerP, perRow: { whole: c }, access: "read" },
    ] as const;
    runInBlocks(arena, "gradientDistanceUpdate", n, 1, operands, (pointers, { count }) => {
      const [x, lengths, p, norms, minDist, closest, center, centerP] = pointers;
      exports.gradientDistanceUpdate(
        ...([x, lengths, p, norms, count, d, c, center, centerLength, centerP, centerNorm] as const),
        ...([minDist, closest, centerIndex] as const),
      );
    });
  };
}

/** Address of a float64 array; one outside the memory is copied in first. */
function inside(arena: KernelArena, array: Float64Array): Pointer {
  const pointer = arena.pointerOf(array);
  if (pointer >= 0) return pointer;
  const copy = arena.allocF64(array.length);
  copy.set(array);
  return copy.byteOffset;
}

/** An array that the kernel writes: used in place, or copied and written back. */
function place(arena: KernelArena, array: Float64Array, isRead: boolean): { pointer: Pointer; writeBack(): void } {
  const pointer = arena.pointerOf(array);
  if (pointer >= 0) return { pointer, writeBack: () => undefined };
  const copy = arena.allocF64(array.length);
  if (isRead) copy.set(array);
  return {
    pointer: copy.byteOffset,
    writeBack: () => array.set(copy),
  };
}
