/** The framework of kernels, transformations and selection methods, for the server, the command line and benchmarks. */

export { allocFloats, inPrecision } from "./algebra/floats";
export type { InfiniteNetwork } from "./algebra/infiniteKernels";
export { infiniteKernel, laplaceKernel } from "./algebra/infiniteKernels";
export { denseKernel, meanDiagonal, productKernel, scaledKernel, sumKernel } from "./algebra/kernels";
export { posteriorKernel } from "./algebra/posterior";
export type { GaussianMatrix } from "./algebra/sketch";
export { gaussianMatrix, normals, sketchKernel } from "./algebra/sketch";
export type { AlgebraContext, DenseKernel, KernelRows, Precision } from "./algebra/types";
export type { ChainInput } from "./applyChain";
export { applyChain, demandedPrecision, scaledToMean } from "./applyChain";
export { gatherFeatures } from "./gatherFeatures";
export type { LayerFactors } from "./network/networkKernels";
export { gradientFactors, gradientKernel, lastLayerKernel } from "./network/networkKernels";
export type { BoundNtkNetwork } from "./network/ntkNetwork";
export { bindNtkNetwork, layerPlaces, parameterCount } from "./network/ntkNetwork";
export type { Activation, Multiply, NtkNetwork } from "./network/types";
export type { MethodOptions } from "./runMethod";
export { METHOD_DEFAULTS, runMethod } from "./runMethod";
export type { DistanceSampler } from "./selection/kMeansPlusPlus";
export { drawByCumulation, drawByRace } from "./selection/kMeansPlusPlus";
export type { MethodPicks, SelectionMode, SelectionProblem } from "./selection/types";
export { checkBmdalSpec, formatBmdalSpec, parseBmdalSpec, RECOMMENDED_SPEC } from "./spec/parseBmdalSpec";
export type { BaseKernel, BmdalSpec, SelectionMethod, Transformation } from "./spec/types";
