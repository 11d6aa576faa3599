import type { BenchCase } from "./benchCase";

/** Scores that stream, and the designs of the first version. */
export const BASELINE_CASES: readonly BenchCase[] = [
  {
    name: "margin, 20,000 of 10M × 10",
    use: "margin",
    n: 10_000_000,
    nClasses: 10,
    dim: 0,
    batch: 20_000,
    labelled: 0,
  },
  {
    name: "entropy, 20,000 of 10M × 10",
    use: "entropy",
    n: 10_000_000,
    nClasses: 10,
    dim: 0,
    batch: 20_000,
    labelled: 0,
  },
  { name: "random, 20,000 of 10M", use: "random", n: 10_000_000, nClasses: 10, dim: 0, batch: 20_000, labelled: 0 },
  {
    name: "k-center-greedy, 500 of 50k × 512",
    use: "k-center-greedy",
    n: 50_000,
    nClasses: 0,
    dim: 512,
    batch: 500,
    labelled: 1_000,
  },
  { name: "typiclust, 100 of 50k × 512", use: "typiclust", n: 50_000, nClasses: 0, dim: 512, batch: 100, labelled: 0 },
  {
    name: "margin-kmeans, 200 of 50k × 512",
    use: "margin-kmeans",
    n: 50_000,
    nClasses: 10,
    dim: 512,
    batch: 200,
    labelled: 0,
  },
];
