import { BASELINE_CASES } from "./baselines";
import type { BenchCase } from "./benchCase";
import { DESIGN_CASES } from "./designs";

export type { BenchCase } from "./benchCase";

/** Every case of the benchmark, one file per family. */
export const CASES: readonly BenchCase[] = [...BASELINE_CASES, ...DESIGN_CASES];
