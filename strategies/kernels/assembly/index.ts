// The exports of kernels.wasm. Pointers are byte addresses in the imported memory; the host checks shapes.

export { adam, axpy, dot, exp, log, relu, reluBackward, scale, sigmoid, sum } from "./elementwise";
export {
  gemmF64, nearestCentersF32, nearestCentersF64, nearestPrunedF32, nearestPrunedF64, rowDotPairs, rowDotsF32, rowDotsF64,
  rowSquaresF32, rowSquaresF64,
} from "./features";
export { cholesky, solveLower, solveLowerTransposed } from "./factor";
export { fisherStep } from "./fisher";
export { gemmF32 } from "./gemm";
export { gradientDistanceUpdate } from "./gradients";
export { col2im, im2col, maxPool, maxPoolBackward } from "./images";
export {
  farthestOfHeapF32, farthestOfHeapF64, largestClusterF32, largestClusterF64, orderHeapF32, orderHeapF64, sinkFirstF32,
  sinkFirstF64, uncertainOfHeapF64,
} from "./lazyPicks";
export { sigmoidCrossEntropy, softmaxCrossEntropy, squaredError } from "./losses";
export { addBias, columnSums, distanceUpdate, dots, gatherRows, rowNorms, rowStats, softmaxRows } from "./rows";
export { heapBase, scratchBytes, setScratch } from "./scratch";
export { sparseTimesDense } from "./sparse";
