import type { LinearModel } from "./linearModel";

/** Writes the model's probabilities of row i of x (n × d) into p: softmax, or one sigmoid per column. In float64. */
export function predictRow(
  { kind, d, c, weights, bias }: LinearModel,
  x: Float64Array,
  i: number,
  p: Float64Array,
): void {
  p.set(bias);
  for (let j = 0; j < d; j++) {
    const value = x[i * d + j];
    if (value !== 0) for (let k = 0; k < c; k++) p[k] += value * weights[j * c + k];
  }
  if (kind === "sign") {
    for (let k = 0; k < c; k++) p[k] = 1 / (1 + Math.exp(-p[k]));
    return;
  }
  const largest = p.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  let total = 0;
  for (let k = 0; k < c; k++) {
    p[k] = Math.exp(p[k] - largest);
    total += p[k];
  }
  for (let k = 0; k < c; k++) p[k] /= total;
}
