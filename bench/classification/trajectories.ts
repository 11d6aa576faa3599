import type { Kernels } from "@/strategies/kernels";
import { activeRun } from "./activeRun";
import type { LocalSet } from "./localSets";

/** One deterministic run of the reference, as in `trajectories_softmax_regression.json`. */
export interface Trajectory {
  readonly dataset: string;
  readonly strategy: string;
  readonly initial_labeled_rows: readonly number[];
  readonly batch: number;
  readonly rounds: readonly {
    readonly labeled_count: number;
    readonly objective_at_optimum: number;
    readonly test_balanced_accuracy: number;
    readonly pool_balanced_accuracy: number;
    readonly selected_row: readonly number[];
    readonly smallest_score_gap_among_first_q_plus_1: number;
  }[];
}

const SPECS: Readonly<Record<string, unknown>> = {
  least_confidence: { op: "single", use: "least-confidence" },
  margin: { op: "single", use: "margin" },
  entropy: { op: "single", use: "entropy" },
  base: { op: "single", use: "base", options: { rotate: false } },
};

/** Differences between a run of the library and the reference; empty when they are equal. */
export async function trajectoryDifferences(set: LocalSet, reference: Trajectory, kernels: Kernels): Promise<string[]> {
  const spec = SPECS[reference.strategy];
  if (spec === undefined) throw new Error(`No spec stands for the reference strategy "${reference.strategy}".`);
  const plan = {
    spec,
    initial: reference.initial_labeled_rows,
    batch: reference.batch,
    rounds: reference.rounds.length,
    seed: "trajectory",
    tolerance: 1e-8,
    dtype: "f64" as const,
  };
  const records = await activeRun(set, plan, kernels);
  const differences: string[] = [];
  for (const [round, expected] of reference.rounds.entries()) {
    const got = records[round];
    const relative = Math.abs(got.objective - expected.objective_at_optimum) / expected.objective_at_optimum;
    if (relative > 1e-9) differences.push(`round ${round}: objective differs by ${relative}`);
    if (Math.abs(got.testBalancedAccuracy - expected.test_balanced_accuracy) > 1e-12) {
      differences.push(
        `round ${round}: test ${got.testBalancedAccuracy}, reference ${expected.test_balanced_accuracy}`,
      );
    }
    if (Math.abs(got.poolBalancedAccuracy - expected.pool_balanced_accuracy) > 1e-12) {
      differences.push(
        `round ${round}: pool ${got.poolBalancedAccuracy}, reference ${expected.pool_balanced_accuracy}`,
      );
    }
    if (got.picked.join() !== expected.selected_row.join()) {
      differences.push(
        `round ${round}: picked ${got.picked.join()}, reference ${expected.selected_row.join()}, gap ${expected.smallest_score_gap_among_first_q_plus_1}`,
      );
      break;
    }
  }
  return differences;
}
