import type { TrainingInput } from "./port";

/**
 * Sample weight times class weight of every row, scaled to a mean of 1, so that learning rates and L2 mean the same
 * whatever the weights; undefined when all are equal.
 */
export function rowWeights({ n, target, classWeights, sampleWeights }: TrainingInput): Float32Array | undefined {
  if (classWeights === "none" && sampleWeights === undefined) return undefined;
  const weights = sampleWeights === undefined ? new Float32Array(n).fill(1) : sampleWeights.slice(0, n);
  if (target.kind === "classes" && classWeights !== "none") {
    const factors = classWeights === "balanced" ? balanced(target.labels, n, target.nClasses) : classWeights;
    for (let i = 0; i < n; i++) weights[i] *= factors[target.labels[i]];
  }
  const mean = weights.reduce((total, weight) => total + weight, 0) / n;
  // Every labelled class may have been given weight 0; equal weights would then hide the mistake less than NaN.
  return mean > 0 ? weights.map((weight) => weight / mean) : weights;
}

function balanced(labels: Int32Array, n: number, nClasses: number): number[] {
  const counts = new Array<number>(nClasses).fill(0);
  for (let i = 0; i < n; i++) counts[labels[i]]++;
  const nPresent = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? n / (nPresent * count) : 0));
}
