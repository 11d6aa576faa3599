import { BASELINE_CASES } from "./baselines";
import type { BenchCase } from "./benchCase";
import { DESIGN_CASES } from "./designs";
import { HEAD_CASES } from "./heads";

export type { BenchCase } from "./benchCase";
export { benchHead } from "./heads";

/** Every case of the benchmark, one file per family. */
export const CASES: readonly BenchCase[] = [...BASELINE_CASES, ...DESIGN_CASES, ...HEAD_CASES];
