// The exports of kernels.wasm. Pointers are byte addresses in the imported memory; the host checks shapes.

export { adam, axpy, dot, exp, log, relu, reluBackward, scale, sigmoid, sum } from "./elementwise";
export { cholesky, solveLower, solveLowerTransposed } from "./factor";
export { gemmF32 } from "./gemm";
export { col2im, im2col, maxPool, maxPoolBackward } from "./images";
export { sigmoidCrossEntropy, softmaxCrossEntropy, squaredError } from "./losses";
export { addBias, columnSums, distanceUpdate, dots, gatherRows, rowNorms, rowStats, softmaxRows } from "./rows";
export { heapBase, scratchBytes, setScratch } from "./scratch";
export { sparseTimesDense } from "./sparse";
