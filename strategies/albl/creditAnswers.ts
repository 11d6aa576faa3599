import type { BatchOutcome, RowOutcome } from "../core/openRows";
import { gatherRows } from "../core/rowMatrix";
import type { Pool } from "../core/types";
import type { AlblState } from "./alblState";
import { creditExponent } from "./exp4p";

export interface AlblRules {
  readonly form: "released" | "hsuLin";
  readonly horizon: number;
  /** Arms of this round. */
  readonly ids: readonly string[];
  readonly floor: number;
}

/** Keeps weights above 0, so that an arm can come back. */
const WEIGHT_MIN = 1e-300;

/**
 * The weights after the answers that have come, summing to 1 over the arms of this round, and the answered rows so far.
 *
 * The present model's probabilities of the answered rows say whether it is right about them; rows without any give no
 * credit.
 */
export async function creditAnswers(
  pool: Pool,
  state: AlblState,
  outcomes: readonly BatchOutcome[],
  rules: AlblRules,
): Promise<{ readonly weights: Record<string, number>; readonly answered: AlblState["answered"] }> {
  const { ids, floor, form, horizon } = rules;
  const known = Object.values(state.weights);
  const start = known.length === 0 ? 1 : known.reduce((sum, weight) => sum + weight, 0) / known.length;
  const weights: Record<string, number> = { ...state.weights };
  for (const id of ids) weights[id] ??= start;
  const covered = pool.probabilities!.n;
  const answers = outcomes.flatMap(({ batch, labelled }) =>
    labelled.filter(({ row }) => row < covered).map((outcome) => ({ ...outcome, round: batch.round })),
  );
  const answered = [...state.answered, ...answers.map(({ row, chance }) => [row, 1 / chance!] as const)];
  const overall = form === "hsuLin" ? await weightedAccuracy(pool, answered, horizon) : 0;
  const right = form === "released" ? await shareRight(pool, answers) : [];
  const exponents: Record<string, number> = {};
  answers.forEach((answer, i) => {
    const chances = state.chances[answer.round] ?? {};
    const reward = (form === "released" ? right[i] : overall) / answer.chance!;
    const credited = new Set(answer.arm.split(" "));
    // Hsu and Lin's exploration term goes to every arm, the released form's to the drawn one only.
    for (const id of form === "released" ? credited : Object.keys(chances)) {
      const arms = Math.max(1, Object.keys(chances).length);
      const steps = form === "released" ? arms : arms * horizon;
      exponents[id] =
        (exponents[id] ?? 0) + creditExponent(credited.has(id) ? reward : 0, chances[id], floor, arms, steps);
    }
  });
  // Weights grow without bound; only their ratios count.
  const largest = Math.max(0, ...Object.values(exponents));
  for (const id of Object.keys(weights)) {
    weights[id] = Math.max(WEIGHT_MIN, weights[id] * Math.exp((exponents[id] ?? 0) - largest));
  }
  const total = ids.reduce((sum, id) => sum + weights[id], 0);
  for (const id of Object.keys(weights)) weights[id] /= total;
  return { weights, answered };
}

/** Share of the classes on which probability > 0.5 agrees with the label, per answered row. */
async function shareRight(pool: Pool, answers: readonly RowOutcome[]): Promise<number[]> {
  const { dim } = pool.probabilities!;
  const values = await valuesOf(
    pool,
    answers.map(({ row }) => row),
  );
  return answers.map(({ label }, i) => {
    let right = 0;
    for (let k = 0; k < dim; k++) if (values[i * dim + k] > 0.5 === label[k] > 0.5) right++;
    return right / dim;
  });
}

/** Σ over answered rows of [right] / probability of the row, over the pool's size and the horizon. */
async function weightedAccuracy(pool: Pool, answered: AlblState["answered"], horizon: number): Promise<number> {
  const { dim } = pool.probabilities!;
  const rows = answered.map(([row]) => row);
  const values = await valuesOf(pool, rows);
  const labelAt = new Map<number, number>();
  pool.labelled.rows.forEach((row, i) => {
    labelAt.set(row, i);
  });
  let sum = 0;
  answered.forEach(([row, weight], i) => {
    const at = labelAt.get(row);
    if (at !== undefined) sum += weight * shareOfRow(pool, values.subarray(i * dim, (i + 1) * dim), at);
  });
  return sum / (pool.n * horizon);
}

/** 1 where the prediction is the label; in multi-label pools the share of the classes on which they agree. */
function shareOfRow(pool: Pool, p: Float64Array, at: number): number {
  const { multi, classes } = pool.labelled;
  if (multi === undefined) {
    let best = 0;
    for (let k = 1; k < p.length; k++) if (p[k] > p[best]) best = k;
    return best === classes[at] ? 1 : 0;
  }
  let right = 0;
  p.forEach((value, k) => {
    if (value > 0.5 === (multi[at * p.length + k] === 1)) right++;
  });
  return right / p.length;
}

async function valuesOf(pool: Pool, rows: readonly number[]): Promise<Float64Array> {
  const values = new Float64Array(rows.length * pool.probabilities!.dim);
  await gatherRows(pool.probabilities!, Uint32Array.from(rows), values);
  return values;
}
