import { checkLength } from "../checkLength";
import type { Kernels, RowKernels } from "../types";
import type { KernelArena } from "./arena";
import { runInBlocks } from "./runInBlocks";
import type { KernelExports } from "./webAssembly";

type RowWasm = RowKernels & Pick<Kernels, "softmaxRows" | "rowStats" | "rowNorms" | "distanceUpdate">;

/** Four rows share a vector, so blocks of rows are multiples of four. */
const ROW_LANES = 4;
/** Rows whose sums are added in float32 before float64 takes over; see `columnSums` in assembly/rows.ts. */
const SUM_ROWS = 64;
/** Values of a flat sum that belong together; see `SUM_BLOCK` in assembly/elementwise.ts. */
const SUM_VALUES = 4096;

export function createRowKernels(exports: KernelExports, arena: KernelArena): RowWasm {
  return {
    ...createProbabilityKernels(exports, arena),
    ...createDistanceKernels(exports, arena),
    ...createMatrixRowKernels(exports, arena),
    ...createFlatKernels(exports, arena),
  };
}

/** The kernels lay columns out in the scratch: its size bounds their number. */
function checkColumns({ scratchBytes }: KernelExports, kernel: string, c: number, bytesPerColumn: number): void {
  const most = Math.floor(scratchBytes.value / bytesPerColumn);
  if (c > most) throw new RangeError(`${kernel}: at most ${most} columns, got ${c}.`);
}

function createProbabilityKernels(
  exports: KernelExports,
  arena: KernelArena,
): Pick<Kernels, "softmaxRows" | "rowStats"> {
  return {
    softmaxRows(x, n, c, temperature) {
      checkLength("softmaxRows", "x", x, n * c);
      checkColumns(exports, "softmaxRows", c, 16);
      if (c === 0) return;
      runInBlocks(arena, "softmaxRows", n, ROW_LANES, [{ array: x, perRow: c, access: "both" }], ([at], { count }) => {
        exports.softmaxRows(at, count, c, 1 / temperature);
      });
    },

    rowStats(p, n, c, out) {
      checkLength("rowStats", "p", p, n * c);
      checkColumns(exports, "rowStats", c, 16);
      for (const [name, array] of Object.entries(out)) {
        if (array !== undefined) checkLength("rowStats", `out.${name}`, array, n);
      }
      const operands = [
        { array: p, perRow: c, access: "read" },
        { array: out.top1, perRow: 1, access: "write" },
        { array: out.top2, perRow: 1, access: "write" },
        { array: out.argmax, perRow: 1, access: "write" },
        { array: out.entropy, perRow: 1, access: "write" },
      ] as const;
      runInBlocks(arena, "rowStats", n, ROW_LANES, operands, ([at, top1, top2, argmax, entropy], { count }) => {
        exports.rowStats(at, count, c, top1, top2, argmax, entropy);
      });
    },
  };
}

function createDistanceKernels(
  exports: KernelExports,
  arena: KernelArena,
): Pick<Kernels, "rowNorms" | "distanceUpdate"> {
  return {
    rowNorms(x, n, d, out) {
      checkLength("rowNorms", "x", x, n * d);
      checkLength("rowNorms", "out", out, n);
      const operands = [
        { array: x, perRow: d, access: "read" },
        { array: out, perRow: 1, access: "write" },
      ] as const;
      runInBlocks(arena, "rowNorms", n, 1, operands, ([at, outAt], { count }) => {
        exports.rowNorms(at, count, d, outAt);
      });
    },

    distanceUpdate: createDistanceUpdate(exports, arena),
  };
}

function createMatrixRowKernels(
  exports: KernelExports,
  arena: KernelArena,
): Pick<RowKernels, "addBias" | "columnSums" | "gatherRows"> {
  return {
    addBias(x, n, c, bias) {
      checkLength("addBias", "x", x, n * c);
      checkLength("addBias", "bias", bias, c);
      const operands = [
        { array: x, perRow: c, access: "both" },
        { array: bias, perRow: { whole: c }, access: "read" },
      ] as const;
      runInBlocks(arena, "addBias", n, 1, operands, ([at, biasAt], { count }) => {
        exports.addBias(at, count, c, biasAt);
      });
    },

    columnSums(x, n, c, out) {
      checkLength("columnSums", "x", x, n * c);
      checkLength("columnSums", "out", out, c);
      checkColumns(exports, "columnSums", c, 12);
      if (n === 0) {
        out.fill(0, 0, c);
        return;
      }
      const operands = [
        { array: x, perRow: c, access: "read" },
        { array: out, perRow: { whole: c }, access: "write" },
      ] as const;
      runInBlocks(arena, "columnSums", n, SUM_ROWS, operands, ([at, outAt], { count, isFirst, isLast }) => {
        exports.columnSums(at, count, c, outAt, +isFirst, +isLast);
      });
    },

    gatherRows({ x, d, rows, out }) {
      checkLength("gatherRows", "out", out, rows.length * d);
      for (let i = 0; i < rows.length; i++) {
        if (rows[i] < 0 || (rows[i] + 1) * d > x.length) {
          throw new RangeError(`gatherRows: row ${rows[i]} at position ${i} lies outside the ${x.length} values of x.`);
        }
      }
      if (arena.pointerOf(x) < 0) {
        // Rows of a foreign array are copied straight to their place: staging would copy them twice.
        for (let i = 0; i < rows.length; i++) out.set(x.subarray(rows[i] * d, (rows[i] + 1) * d), i * d);
        return;
      }
      const operands = [
        { array: rows, perRow: 1, access: "read" },
        { array: out, perRow: d, access: "write" },
      ] as const;
      runInBlocks(arena, "gatherRows", rows.length, 1, operands, ([rowsAt, outAt], { count }) => {
        exports.gatherRows(x.byteOffset, d, rowsAt, count, outAt);
      });
    },
  };
}

function createDistanceUpdate(exports: KernelExports, arena: KernelArena): Kernels["distanceUpdate"] {
  return ({ x, n, d, norms, center, centerNorm, minDist, closest, centerIndex = -1 }) => {
    checkLength("distanceUpdate", "x", x, n * d);
    checkLength("distanceUpdate", "norms", norms, n);
    checkLength("distanceUpdate", "center", center, d);
    checkLength("distanceUpdate", "minDist", minDist, n);
    if (closest !== undefined) checkLength("distanceUpdate", "closest", closest, n);
    const operands = [
      { array: x, perRow: d, access: "read" },
      { array: norms, perRow: 1, access: "read" },
      { array: minDist, perRow: 1, access: "both" },
      { array: closest, perRow: 1, access: "both" },
      { array: center, perRow: { whole: d }, access: "read" },
    ] as const;
    const farthestPerBlock: number[] = [];
    runInBlocks(arena, "distanceUpdate", n, 1, operands, ([at, normsAt, minAt, closestAt, centerAt], block) => {
      const { start, count } = block;
      const row = exports.distanceUpdate(
        ...([at, count, d, normsAt, centerAt, centerNorm, minAt, closestAt, centerIndex] as const),
      );
      if (row >= 0) farthestPerBlock.push(start + row);
    });
    let farthest = -1;
    for (const row of farthestPerBlock) if (farthest < 0 || minDist[row] > minDist[farthest]) farthest = row;
    return farthest;
  };
}

type FlatKernels = Pick<RowKernels, "axpy" | "scale" | "sum" | "dot" | "exp" | "log">;

function createFlatKernels(exports: KernelExports, arena: KernelArena): FlatKernels {
  const inPlace = (kernel: "exp" | "log", x: Float32Array) => {
    runInBlocks(arena, kernel, x.length, 4, [{ array: x, perRow: 1, access: "both" }], ([at], { count }) => {
      exports[kernel](at, count);
    });
  };
  return {
    axpy(alpha, x, y) {
      checkLength("axpy", "y", y, x.length);
      const operands = [
        { array: x, perRow: 1, access: "read" },
        { array: y, perRow: 1, access: "both" },
      ] as const;
      runInBlocks(arena, "axpy", x.length, 4, operands, ([xAt, yAt], { count }) => {
        exports.axpy(alpha, xAt, yAt, count);
      });
    },
    scale(alpha, x) {
      runInBlocks(arena, "scale", x.length, 4, [{ array: x, perRow: 1, access: "both" }], ([at], { count }) => {
        exports.scale(alpha, at, count);
      });
    },
    sum(x) {
      let total = 0;
      runInBlocks(arena, "sum", x.length, SUM_VALUES, [{ array: x, perRow: 1, access: "read" }], ([at], { count }) => {
        total = exports.sum(at, count, total);
      });
      return total;
    },
    dot(x, y) {
      checkLength("dot", "y", y, x.length);
      let total = 0;
      const operands = [
        { array: x, perRow: 1, access: "read" },
        { array: y, perRow: 1, access: "read" },
      ] as const;
      runInBlocks(arena, "dot", x.length, SUM_VALUES, operands, ([xAt, yAt], { count }) => {
        total = exports.dot(xAt, yAt, count, total);
      });
      return total;
    },
    exp: (x) => inPlace("exp", x),
    log: (x) => inPlace("log", x),
  };
}
