// Losses with their gradients in one pass over the logits.

import { exponentiate, interleaveRows, separateRows } from "./rows";
import { rowBuffer } from "./scratch";
import { expAny, expNonPositive, laneSum, loadPartial, logNormal, storePartial } from "./vectors";

@inline function rowWeight(rowWeights: usize, i: usize): f32 {
  return rowWeights == 0 ? 1 : load<f32>(rowWeights + i * 4);
}

/** Labels must have been checked by the host. `rowWeights` and `gradient` may be 0. Returns total + Σ weighted loss. */
export function softmaxCrossEntropy(
  logits: usize, n: usize, c: usize, labels: usize, rowWeights: usize, gradient: usize, gradientScale: f32, total: f64,
): f64 {
  const buffer = rowBuffer(), stride = c * 4;
  for (let i: usize = 0; i < n; i += 4) {
    const rows = min<usize>(4, n - i);
    const p0 = logits + i * stride;
    const p1 = p0 + (rows > 1 ? stride : 0), p2 = p1 + (rows > 2 ? stride : 0), p3 = p2 + (rows > 3 ? stride : 0);
    const largest = interleaveRows(p0, p1, p2, p3, c, buffer);
    // The chosen logits are read before the gradient, which may overwrite them.
    let chosen = v128.load32_zero(p0 + labelOffset(labels, i));
    if (rows > 1) chosen = v128.load32_lane(p1 + labelOffset(labels, i + 1), chosen, 1);
    if (rows > 2) chosen = v128.load32_lane(p2 + labelOffset(labels, i + 2), chosen, 2);
    if (rows > 3) chosen = v128.load32_lane(p3 + labelOffset(labels, i + 3), chosen, 3);
    const sums = exponentiate(buffer, c, largest, 1);
    const losses = f32x4.add(logNormal(sums), f32x4.sub(largest, chosen));
    total += <f64>(rowWeight(rowWeights, i) * f32x4.extract_lane(losses, 0));
    if (rows > 1) total += <f64>(rowWeight(rowWeights, i + 1) * f32x4.extract_lane(losses, 1));
    if (rows > 2) total += <f64>(rowWeight(rowWeights, i + 2) * f32x4.extract_lane(losses, 2));
    if (rows > 3) total += <f64>(rowWeight(rowWeights, i + 3) * f32x4.extract_lane(losses, 3));
    if (gradient != 0) {
      let weights = f32x4.splat(gradientScale * rowWeight(rowWeights, i));
      if (rows > 1) weights = f32x4.replace_lane(weights, 1, gradientScale * rowWeight(rowWeights, i + 1));
      if (rows > 2) weights = f32x4.replace_lane(weights, 2, gradientScale * rowWeight(rowWeights, i + 2));
      if (rows > 3) weights = f32x4.replace_lane(weights, 3, gradientScale * rowWeight(rowWeights, i + 3));
      const g0 = gradient + i * stride;
      const g1 = g0 + (rows > 1 ? stride : 0), g2 = g1 + (rows > 2 ? stride : 0), g3 = g2 + (rows > 3 ? stride : 0);
      separateRows(buffer, c, f32x4.div(weights, sums), rows, g0, g1, g2, g3);
      subtract(g0 + labelOffset(labels, i), f32x4.extract_lane(weights, 0));
      if (rows > 1) subtract(g1 + labelOffset(labels, i + 1), f32x4.extract_lane(weights, 1));
      if (rows > 2) subtract(g2 + labelOffset(labels, i + 2), f32x4.extract_lane(weights, 2));
      if (rows > 3) subtract(g3 + labelOffset(labels, i + 3), f32x4.extract_lane(weights, 3));
    }
  }
  return total;
}

@inline function labelOffset(labels: usize, i: usize): usize {
  return <usize>load<u32>(labels + i * 4) * 4;
}

@inline function subtract(at: usize, value: f32): void {
  store<f32>(at, load<f32>(at) - value);
}

export function sigmoidCrossEntropy(
  logits: usize, n: usize, c: usize, targets: usize, rowWeights: usize, gradient: usize, gradientScale: f32, total: f64,
): f64 {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  for (let i: usize = 0; i < n; i++) {
    const weight = rowWeight(rowWeights, i), factor = f32x4.splat(gradientScale * weight);
    let losses = zero;
    for (let j: usize = 0; j < c; j += 4) {
      const at = (i * c + j) * 4, count = min<usize>(4, c - j);
      const z = count == 4 ? v128.load(logits + at) : loadPartial(logits + at, count);
      const t = count == 4 ? v128.load(targets + at) : loadPartial(targets + at, count);
      let loss = f32x4.sub(f32x4.pmax(zero, z), f32x4.mul(z, t));
      loss = f32x4.add(loss, logNormal(f32x4.add(one, expNonPositive(f32x4.neg(f32x4.abs(z))))));
      if (count < 4) loss = keepLanes(loss, count);
      losses = f32x4.add(losses, loss);
      if (gradient != 0) {
        const p = f32x4.div(one, f32x4.add(one, expAny(f32x4.neg(z))));
        const slope = f32x4.mul(factor, f32x4.sub(p, t));
        if (count == 4) v128.store(gradient + at, slope);
        else storePartial(gradient + at, slope, count);
      }
    }
    total += <f64>(weight * laneSum(losses));
  }
  return total;
}

/** Clears the lanes from `count` on: padding adds nothing to a sum. */
@inline function keepLanes(v: v128, count: usize): v128 {
  const isKept = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(<i32>count));
  return v128.and(v, isKept);
}

export function squaredError(
  logits: usize, n: usize, c: usize, targets: usize, rowWeights: usize, gradient: usize, gradientScale: f32, total: f64,
): f64 {
  for (let i: usize = 0; i < n; i++) {
    const weight = rowWeight(rowWeights, i), factor = f32x4.splat(gradientScale * weight);
    let losses = f32x4.splat(0);
    for (let j: usize = 0; j < c; j += 4) {
      const at = (i * c + j) * 4, count = min<usize>(4, c - j);
      const z = count == 4 ? v128.load(logits + at) : loadPartial(logits + at, count);
      const t = count == 4 ? v128.load(targets + at) : loadPartial(targets + at, count);
      const difference = f32x4.sub(z, t);
      losses = f32x4.add(losses, f32x4.mul(difference, difference));
      if (gradient != 0) {
        const slope = f32x4.mul(factor, difference);
        if (count == 4) v128.store(gradient + at, slope);
        else storePartial(gradient + at, slope, count);
      }
    }
    total += <f64>(<f32>0.5 * weight * laneSum(losses));
  }
  return total;
}
