import { writeFileSync } from "node:fs";
import type { ClassProbabilities, PlannedDraw, ProposalRule } from "@/strategies";
import {
  DEFENSIVE_SHARE,
  drawMany,
  expectedError,
  expectedLogLoss,
  mixedWithUniform,
  normalizedScores,
  raceDraws,
  rootScores,
} from "@/strategies";
import { integerOption, UsageError } from "../cliError";
import { npyMatrix } from "../npy/npyValues";
import { openNpy } from "../npy/openNpy";

export interface TestPlanFlags {
  readonly probabilities: string;
  readonly surrogate?: string;
  readonly loss: string;
  readonly draws: string;
  readonly seed: string;
  readonly score?: string;
  readonly defensive?: string;
  readonly controlOut?: string;
}

export interface TestPlan {
  readonly loss: string;
  readonly score: string;
  readonly defensive: number;
  readonly seed: string;
  readonly poolSize: number;
  readonly draws: readonly (PlannedDraw & { readonly expectedLoss: number })[];
}

/** Larger frames race for all draws at once: drawing one by one costs the whole frame each time. */
const STEPWISE_ITEMS_MAX = 50_000;

/** `winnow test-plan`: which items to label next for testing, each with the probability it was drawn with. */
export async function planTest(flags: TestPlanFlags): Promise<TestPlan> {
  const count = integerOption("--draws", flags.draws, 1);
  if (flags.loss !== "error" && flags.loss !== "logloss")
    throw new UsageError(`--loss takes error or logloss, got "${flags.loss}".`);
  const score = flags.score ?? (flags.loss === "error" ? "root" : "expected");
  if (score !== "root" && score !== "expected") throw new UsageError(`--score takes root or expected, got "${score}".`);
  const defensive = flags.defensive === undefined ? DEFENSIVE_SHARE : Number(flags.defensive);
  if (!(defensive >= 0 && defensive <= 1))
    throw new UsageError(`--defensive takes a number from 0 to 1, got "${flags.defensive}".`);
  const target = await classProbabilities("--probabilities", flags.probabilities);
  const surrogate = flags.surrogate === undefined ? target : await classProbabilities("--surrogate", flags.surrogate);
  if (surrogate.n !== target.n || surrogate.nClasses !== target.nClasses) {
    throw new UsageError(
      `--probabilities is ${target.n} × ${target.nClasses} and --surrogate ${surrogate.n} × ${surrogate.nClasses}; they must agree.`,
    );
  }
  if (count > target.n) throw new UsageError(`--draws is ${count}, but there are ${target.n} items.`);
  const expected = flags.loss === "error" ? expectedError(target, surrogate) : expectedLogLoss(target, surrogate);
  const scores = score === "root" ? rootScores(expected) : expected;
  if (flags.controlOut !== undefined) writeControl(flags.controlOut, expected);
  const draws = drawn(scores, count, { defensive }, flags.seed);
  return {
    loss: flags.loss,
    score,
    defensive,
    seed: flags.seed,
    poolSize: target.n,
    draws: draws.map((draw) => ({ ...draw, expectedLoss: expected[draw.item] })),
  };
}

function drawn(scores: Float64Array, count: number, rule: ProposalRule, seed: string): PlannedDraw[] {
  if (scores.length <= STEPWISE_ITEMS_MAX) return drawMany({ scores, count, rule, seed });
  // The mixed scores are fixed then, so that the share of uniform mass is that of the whole frame.
  const mixed = mixedWithUniform(normalizedScores(scores), Math.max(rule.defensive ?? 0, 1e-6));
  return raceDraws(mixed, count, seed);
}

async function classProbabilities(flag: string, path: string): Promise<ClassProbabilities> {
  const matrix = npyMatrix(openNpy(path), flag);
  const values = new Float64Array(matrix.n * matrix.dim);
  for (const { start, end } of matrix.shards) values.set(await matrix.view(start, end), start * matrix.dim);
  for (let i = 0; i < matrix.n; i++) {
    let sum = 0;
    for (let c = 0; c < matrix.dim; c++) {
      const p = values[i * matrix.dim + c];
      if (!(p >= 0 && p <= 1 + 1e-6))
        throw new UsageError(`${flag}: row ${i}, class ${c} of ${path} is ${p}; a probability was expected.`);
      sum += p;
    }
    if (Math.abs(sum - 1) > 1e-3)
      throw new UsageError(`${flag}: row ${i} of ${path} sums to ${sum}; probabilities of one item sum to 1.`);
    for (let c = 0; c < matrix.dim; c++) values[i * matrix.dim + c] /= sum;
  }
  return { values, n: matrix.n, nClasses: matrix.dim };
}

function writeControl(path: string, expected: Float64Array): void {
  const lines = Array.from(expected, (g, item) => `${item},${g}`);
  try {
    writeFileSync(path, `item,g\n${lines.join("\n")}\n`);
  } catch (error) {
    throw new UsageError(
      `--control-out: ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

/** The draws as the file that `winnow estimate` reads, once the losses are filled in. */
export function planAsCsv(plan: TestPlan): string {
  const lines = plan.draws.map(({ draw, item, q, qMin, expectedLoss }) =>
    [draw, item, q, qMin, expectedLoss, ""].join(","),
  );
  return `draw,item,q,q_min,expected_loss,loss\n${lines.join("\n")}\n`;
}
