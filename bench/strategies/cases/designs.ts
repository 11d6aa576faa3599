import type { BenchCase } from "./benchCase";

const LARGE = { n: 50_000, nClasses: 10, dim: 512, labelled: 1_000 } as const;

/** Designs of whole batches on 50,000 × 512. */
export const DESIGN_CASES: readonly BenchCase[] = [
  { ...LARGE, name: "badge, 200 of 50k × 512", use: "badge", batch: 200 },
  { ...LARGE, name: "cluster-margin, 200 of 50k × 512", use: "cluster-margin", batch: 200 },
  {
    ...LARGE,
    name: "bait, 50 of 50k × 512, 51 axes",
    use: "bait",
    batch: 50,
    options: { maxCandidates: 50_000 },
  },
  {
    ...LARGE,
    name: "bait, 50 of 50k × 512, one block",
    use: "bait",
    batch: 50,
    options: { maxCandidates: 50_000, fisher: "rank-one" },
  },
  { ...LARGE, name: "dpp-map, 200 of 50k × 512", use: "dpp-map", batch: 200, options: { maxCandidates: 50_000 } },
  { ...LARGE, name: "margin-pivotal, 200 of 50k × 512", use: "margin-pivotal", batch: 200 },
  { ...LARGE, name: "sensitivity, 200 of 50k × 512", use: "sensitivity", batch: 200 },
  { ...LARGE, name: "density-weighted, 200 of 50k × 512", use: "density-weighted", batch: 200 },
  { ...LARGE, name: "probcover, 100 of 10k × 512", use: "probcover", n: 10_000, batch: 100, labelled: 0 },
  { ...LARGE, name: "v-optimality, 100 of 10k × 512", use: "v-optimality", n: 10_000, batch: 100, labelled: 0 },
];
