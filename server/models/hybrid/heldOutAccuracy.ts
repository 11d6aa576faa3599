import { targetWidth } from "../checkInput";
import type { Rows } from "./rows";

/** Share right (classes), mean share of labels right (multiLabel), R² over all outputs (number). Unweighted. */
export function heldOutAccuracy(outputs: Float32Array, { n, target }: Rows): number {
  const c = targetWidth(target);
  if (target.kind === "classes") {
    let nRight = 0;
    for (let i = 0; i < n; i++) {
      let best = 0;
      for (let j = 1; j < c; j++) if (outputs[i * c + j] > outputs[i * c + best]) best = j;
      if (best === target.labels[i]) nRight++;
    }
    return nRight / n;
  }
  if (target.kind === "multiLabel") {
    let nRight = 0;
    for (let i = 0; i < n * c; i++) if (outputs[i] > 0 === (target.labels[i] === 1)) nRight++;
    return nRight / (n * c);
  }
  let residual = 0;
  let spread = 0;
  for (let j = 0; j < c; j++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += target.values[i * c + j] / n;
    for (let i = 0; i < n; i++) {
      residual += (outputs[i * c + j] - target.values[i * c + j]) ** 2;
      spread += (target.values[i * c + j] - mean) ** 2;
    }
  }
  return spread > 0 ? 1 - residual / spread : 0;
}
