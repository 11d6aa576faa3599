import type { Kernels } from "@/strategies/kernels";

/** Pairs of steps remembered: more did not save iterations on text features. */
const HISTORY = 10;
const ARMIJO = 1e-4;
const STEPS_MAX = 20;

export interface LbfgsProblem {
  /** Loss at w; writes its gradient. Both arrays lie in kernel memory. */
  evaluate(w: Float32Array, gradient: Float32Array): Promise<number>;
  /** Called after each iteration with the new point; answering true stops. */
  isDone(iteration: number, loss: number, w: Float32Array): Promise<boolean>;
}

export interface LbfgsResult {
  iterations: number;
  /** converged: the loss no longer falls; stopped: `isDone` said so; exhausted: the iteration limit was reached. */
  reason: "converged" | "stopped" | "exhausted";
}

interface Pair {
  s: Float32Array;
  y: Float32Array;
  rho: number;
}

/**
 * Minimises a smooth convex function in place of w by limited-memory BFGS with backtracking.
 *
 * @param tolerance stops when five iterations together lower the loss by less than this share of it.
 * Memory: 2·10 + 4 vectors of w's length. Random: no.
 * Source: Nocedal & Wright 2006, "Numerical optimization", algorithm 7.5, with an Armijo line search; on a convex
 * function every accepted step has positive curvature, so the Wolfe condition is not searched for.
 */
export async function minimizeLbfgs(
  kernels: Kernels,
  w: Float32Array,
  problem: LbfgsProblem,
  { maxIterations, tolerance }: { maxIterations: number; tolerance: number },
): Promise<LbfgsResult> {
  const size = w.length;
  const pairs: Pair[] = [];
  const spare: Pair[] = Array.from({ length: HISTORY }, () => ({
    s: kernels.allocF32(size),
    y: kernels.allocF32(size),
    rho: 0,
  }));
  const gradient = kernels.allocF32(size);
  const direction = kernels.allocF32(size);
  const trial = kernels.allocF32(size);
  const trialGradient = kernels.allocF32(size);
  let loss = await problem.evaluate(w, gradient);
  const losses = [loss];
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    descentDirection(kernels, pairs, gradient, direction);
    const slope = kernels.dot(gradient, direction);
    if (!(slope < 0)) return { iterations: iteration - 1, reason: "converged" };
    // Without curvature yet, a step of unit length is the only scale there is.
    let step = pairs.length === 0 ? 1 / Math.sqrt(-slope) : 1;
    let next = Number.NaN;
    let isAccepted = false;
    for (let attempt = 0; attempt < STEPS_MAX && !isAccepted; attempt++) {
      trial.set(w);
      kernels.axpy(step, direction, trial);
      next = await problem.evaluate(trial, trialGradient);
      isAccepted = next <= loss + ARMIJO * step * slope;
      if (!isAccepted) step = shorterStep(step, loss, slope, next);
    }
    // At the limit of float32 no step improves any more: that is the minimum.
    if (!isAccepted) return { iterations: iteration - 1, reason: "converged" };
    remember(kernels, pairs, spare, { w, trial, gradient, trialGradient });
    w.set(trial);
    gradient.set(trialGradient);
    loss = next;
    losses.push(loss);
    if (await problem.isDone(iteration, loss, w)) return { iterations: iteration, reason: "stopped" };
    const earlier = losses[losses.length - 6];
    if (earlier !== undefined && earlier - loss <= tolerance * Math.abs(loss)) {
      return { iterations: iteration, reason: "converged" };
    }
  }
  return { iterations: maxIterations, reason: "exhausted" };
}

/** Minimum of the parabola through both losses and the slope, kept within a tenth and a half of the step. */
function shorterStep(step: number, loss: number, slope: number, next: number): number {
  const vertex = (-slope * step * step) / (2 * (next - loss - slope * step));
  return Number.isFinite(vertex) ? Math.min(0.5 * step, Math.max(0.1 * step, vertex)) : 0.1 * step;
}

/** direction = −H·gradient by the two-loop recursion. */
function descentDirection(kernels: Kernels, pairs: Pair[], gradient: Float32Array, direction: Float32Array): void {
  direction.set(gradient);
  const weights: number[] = [];
  for (let i = pairs.length - 1; i >= 0; i--) {
    weights[i] = pairs[i].rho * kernels.dot(pairs[i].s, direction);
    kernels.axpy(-weights[i], pairs[i].y, direction);
  }
  const last = pairs.at(-1);
  if (last !== undefined) kernels.scale(1 / (last.rho * kernels.dot(last.y, last.y)), direction);
  for (let i = 0; i < pairs.length; i++) {
    const correction = pairs[i].rho * kernels.dot(pairs[i].y, direction);
    kernels.axpy(weights[i] - correction, pairs[i].s, direction);
  }
  kernels.scale(-1, direction);
}

interface Step {
  w: Float32Array;
  trial: Float32Array;
  gradient: Float32Array;
  trialGradient: Float32Array;
}

function remember(kernels: Kernels, pairs: Pair[], spare: Pair[], { w, trial, gradient, trialGradient }: Step): void {
  const pair = spare.pop() ?? (pairs.shift() as Pair);
  pair.s.set(trial);
  kernels.axpy(-1, w, pair.s);
  pair.y.set(trialGradient);
  kernels.axpy(-1, gradient, pair.y);
  const curvature = kernels.dot(pair.s, pair.y);
  if (curvature > 1e-10 * kernels.dot(pair.y, pair.y)) {
    pair.rho = 1 / curvature;
    pairs.push(pair);
  } else {
    spare.push(pair);
  }
}
