import { checkFeatureShapes } from "../reference/features";
import type { ClusterWeight, FeatureKernels, Floats } from "../types";
import type { KernelArena } from "./arena";
import type { KernelExports, Pointer } from "./webAssembly";

const WEIGHTS: readonly ClusterWeight[] = ["squared-distance", "distance", "count"];

export function createFeatureKernels(exports: KernelExports, arena: KernelArena): FeatureKernels {
  return {
    ...createProductKernels(exports, arena),
    ...createNearestKernels(exports, arena),
    ...createHeapKernels(exports, arena),
    largestCluster(args) {
      checkFeatureShapes("largestCluster", args);
      const { minDist, owner, taken, n, weight, sizes, nCenters } = args;
      return withInside(arena, [minDist, owner, taken, sizes], [3], ([minAt, ownerAt, takenAt, sizesAt]) => {
        const call = isDouble(minDist) ? exports.largestClusterF64 : exports.largestClusterF32;
        return call(minAt, ownerAt, takenAt, n, WEIGHTS.indexOf(weight), sizesAt, nCenters);
      });
    },
  };
}

type ProductKernels = Pick<FeatureKernels, "rowDots" | "rowSquares" | "rowDotPairs" | "gemmF64">;

function createProductKernels(exports: KernelExports, arena: KernelArena): ProductKernels {
  return {
    rowDots(args) {
      checkFeatureShapes("rowDots", args);
      const { x, n, d, vector, out } = args;
      withInside(arena, [x, vector, out], [2], ([at, vectorAt, outAt]) => {
        (isDouble(x) ? exports.rowDotsF64 : exports.rowDotsF32)(at, n, d, vectorAt, outAt);
      });
    },
    rowSquares(args) {
      checkFeatureShapes("rowSquares", args);
      const { x, n, d, out } = args;
      withInside(arena, [x, out], [1], ([at, outAt]) => {
        (isDouble(x) ? exports.rowSquaresF64 : exports.rowSquaresF32)(at, n, d, outAt);
      });
    },
    rowDotPairs(args) {
      checkFeatureShapes("rowDotPairs", args);
      const { x, n, d, first, second, outFirst, outSecond } = args;
      withInside(arena, [x, first, second, outFirst, outSecond], [3, 4], ([at, a, b, outA, outB]) => {
        exports.rowDotPairs(at, n, d, a, b, outA, outB);
      });
    },
    gemmF64(args) {
      const { m, n, k, a, b, out, transA = false, transB = false, alpha = 1, beta = 0 } = args;
      checkFeatureShapes("gemmF64", { a, b, out, m, n, k });
      withInside(arena, [a, b, out], [2], ([aAt, bAt, outAt]) => {
        exports.gemmF64(
          ...([m, n, k, aAt, transA ? m : k, +transA, bAt, transB ? k : n, +transB, outAt, n, alpha, beta] as const),
        );
      });
    },
  };
}

function createNearestKernels(
  exports: KernelExports,
  arena: KernelArena,
): Pick<FeatureKernels, "nearestCenters" | "nearestPruned"> {
  return {
    nearestCenters(args) {
      checkFeatureShapes("nearestCenters", args);
      const { x, n, d, norms, centers, centerNorms, m, firstIndex, minDist, owner, isClamped } = args;
      const call = isDouble(x) ? exports.nearestCentersF64 : exports.nearestCentersF32;
      withInside(arena, [x, norms, centers, centerNorms, minDist, owner], [4, 5], ([at, normsAt, ...rest]) => {
        const [centersAt, centerNormsAt, minAt, ownerAt] = rest;
        call(at, n, d, normsAt, centersAt, centerNormsAt, m, firstIndex, minAt, ownerAt, +isClamped);
      });
    },
    nearestPruned(args) {
      checkFeatureShapes("nearestPruned", args);
      const { x, n, d, norms, center, centerNorm, centerIndex, minDist, owner, isClamped, short, long } = args;
      const call = isDouble(x) ? exports.nearestPrunedF64 : exports.nearestPrunedF32;
      const arrays = [x, norms, center, minDist, owner, short.rows, short.center, args.slacks];
      if (long !== undefined) arrays.push(long.rows, long.center);
      return withInside(arena, arrays, [3, 4], ([at, normsAt, centerAt, minAt, ownerAt, ...rest]) => {
        const [shortAt, shortCenterAt, slacksAt, longAt = 0, longCenterAt = 0] = rest;
        return call(
          ...([at, n, d, normsAt, centerAt, centerNorm, centerIndex, minAt, ownerAt, +isClamped] as const),
          ...([
            shortAt,
            shortCenterAt,
            short.dim,
            longAt,
            longCenterAt,
            long?.dim ?? 0,
            slacksAt,
            args.centerSlack,
          ] as const),
        );
      });
    },
  };
}

type HeapKernels = Pick<FeatureKernels, "orderHeap" | "farthestOfHeap" | "uncertainOfHeap" | "sinkFirst">;

function createHeapKernels(exports: KernelExports, arena: KernelArena): HeapKernels {
  return {
    orderHeap(heap, n, values) {
      checkFeatureShapes("orderHeap", { heap, values, n });
      withInside(arena, [heap, values], [0], ([heapAt, valuesAt]) => {
        (isDouble(values) ? exports.orderHeapF64 : exports.orderHeapF32)(heapAt, n, valuesAt);
      });
    },
    farthestOfHeap(args) {
      checkFeatureShapes("farthestOfHeap", args);
      const { x, d, norms, vectors, scalars, nVectors, heap, n, values, owner, steps } = args;
      if (n === 0) return -1;
      const call = isDouble(x) ? exports.farthestOfHeapF64 : exports.farthestOfHeapF32;
      const arrays = [x, norms, vectors, scalars, heap, values, owner, steps];
      return withInside(arena, arrays, [4, 5, 6, 7], ([at, normsAt, vectorsAt, scalarsAt, heapAt, ...rest]) => {
        const [valuesAt, ownerAt, stepsAt] = rest;
        return call(at, d, normsAt, vectorsAt, scalarsAt, nVectors, heapAt, n, valuesAt, ownerAt, stepsAt);
      });
    },
    uncertainOfHeap(args) {
      checkFeatureShapes("uncertainOfHeap", args);
      const { x, d, vectors, scalars, nVectors, heap, n, values, steps } = args;
      if (n === 0) return -1;
      const arrays = [x, vectors, scalars, heap, values, steps];
      return withInside(arena, arrays, [3, 4, 5], ([at, vectorsAt, scalarsAt, heapAt, valuesAt, stepsAt]) =>
        exports.uncertainOfHeapF64(at, d, vectorsAt, scalarsAt, nVectors, heapAt, n, valuesAt, stepsAt),
      );
    },
    sinkFirst(heap, n, values) {
      checkFeatureShapes("sinkFirst", { heap, values, n });
      withInside(arena, [heap, values], [0], ([heapAt, valuesAt]) => {
        (isDouble(values) ? exports.sinkFirstF64 : exports.sinkFirstF32)(heapAt, n, valuesAt);
      });
    },
  };
}

function isDouble(array: Floats): array is Float64Array {
  return array instanceof Float64Array;
}

type KernelArray = Floats | Int32Array;

/** Runs with all arrays in kernel memory; foreign ones are copied in, and back those whose places are in `written`. */
function withInside<T>(
  arena: KernelArena,
  arrays: readonly KernelArray[],
  written: readonly number[],
  use: (pointers: Pointer[]) => T,
): T {
  const mark = arena.mark();
  try {
    const inside = arrays.map((array) => {
      if (arena.pointerOf(array) >= 0) return array;
      const copy = allocLike(arena, array);
      copy.set(array);
      return copy;
    });
    const result = use(inside.map((array) => array.byteOffset));
    for (const index of written) if (inside[index] !== arrays[index]) arrays[index].set(inside[index]);
    return result;
  } finally {
    arena.release(mark);
  }
}

function allocLike(arena: KernelArena, array: KernelArray): KernelArray {
  if (array instanceof Int32Array) return arena.allocI32(array.length);
  return array instanceof Float64Array ? arena.allocF64(array.length) : arena.allocF32(array.length);
}
