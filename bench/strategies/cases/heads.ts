import type { LinearHead } from "@/strategies";
import type { BenchCase } from "./benchCase";

const LARGE = { n: 50_000, nClasses: 10, dim: 512, labelled: 1_000, batch: 200 } as const;

/** Strategies that ask the last linear layer, on 50,000 × 512. */
export const HEAD_CASES: readonly BenchCase[] = [
  { ...LARGE, name: "ldm, 200 of 50k × 512", use: "ldm" },
  { ...LARGE, name: "ldm-s, 200 of 50k × 512", use: "ldm-s" },
  {
    ...LARGE,
    name: "ldm by scales, 200 of 4k × 512",
    use: "ldm",
    n: 4_000,
    options: { search: "scales", reference: 4_000 },
  },
  { ...LARGE, name: "bald, 200 of 50k × 512", use: "bald" },
  { ...LARGE, name: "batch-bald, 20 of 50k × 512", use: "batch-bald", batch: 20 },
  { ...LARGE, name: "epig, 200 of 50k × 512", use: "epig" },
  { ...LARGE, name: "base, 200 of 50k × 512", use: "base" },
  { ...LARGE, name: "mase, 200 of 50k × 512", use: "mase" },
  {
    ...{ name: "tilted, 20,000 of 1M × 10", use: "tilted", n: 1_000_000, nClasses: 10 },
    ...{ dim: 0, batch: 20_000, labelled: 0 },
  },
];

/**
 * A head for made-up embeddings in [0, 1.5]: weights from a cheap hash around 0, biases that put the mean embedding on every
 * boundary, so that labels are mixed.
 */
export function benchHead(dim: number, nClasses: number, noise: (i: number) => number): LinearHead {
  const weights = Float32Array.from({ length: dim * nClasses }, (_, i) => 0.2 * (noise(7_000_003 + i) - 0.5));
  const bias = new Float32Array(nClasses);
  for (let j = 0; j < dim; j++) for (let c = 0; c < nClasses; c++) bias[c] -= 0.75 * weights[j * nClasses + c];
  return { weights, bias };
}
