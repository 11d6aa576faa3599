import { randomOf } from "../core/keyedRandom";
import type { ArmPresets, OpenedArm } from "../core/metaArms";
import { armIds, armNeeds, armOptionSchemas, completeArmOptions, metaCost, planArms, withArms } from "../core/metaArms";
import { metaSelection } from "../core/metaSelection";
import { settleOpenRows } from "../core/openRows";
import { numberOption, textOption } from "../core/resolveOptions";
import { runSlots } from "../core/runSlots";
import type { Notice, OptionValues, Pool, SelectContext, Selection, Strategy } from "../core/types";
import type { AlblState } from "./alblState";
import { readState, writeState } from "./alblState";
import { creditAnswers } from "./creditAnswers";
import { armProbabilities, drawArm, floorOf } from "./exp4p";

const PRESETS: ArmPresets = {
  uncertainty: {
    "single-label": ["galaxy", "least-confidence", "margin", "badge"],
    "multi-label": ["emal", "class-uncertainty", "galaxy"],
  },
};

/** Active learning by learning, the baseline of TAILOR. */
export function makeAlbl(strategies: readonly Strategy[]): Strategy {
  return {
    id: "albl",
    version: 1,
    title: "ALBL",
    summary: "Draws a strategy for every place, those more often whose items the model then got right.",
    whenToUse: "As a baseline for comparisons between meta strategies.",
    whenNot: "In a project whose labels matter: plain margin gained more in a broad published comparison.",
    warning:
      "A baseline: in a published comparison on many data sets it gained a fifth of what plain margin gained over random.",
    taskKinds: ["single-label", "multi-label"],
    score: { name: "probability with which the chosen strategy was drawn", better: "higher" },
    options: {
      type: "object",
      additionalProperties: false,
      properties: {
        form: {
          type: "string",
          title: "Form",
          description:
            "released: as the baseline in the TAILOR repository; hsuLin: as published, with reward over all answers and shared credit.",
          enum: ["released", "hsuLin"],
          default: "released",
        },
        horizon: {
          type: "integer",
          title: "Labels in all",
          description: "For the form hsuLin: how many labels the project will have.",
          minimum: 1,
          maximum: 100_000_000,
          default: 1000,
        },
        ...armOptionSchemas(strategies, PRESETS, "uncertainty"),
      },
    },
    completeOptions: (options, path) => completeArmOptions(strategies, options, path),
    uses: (options) => armIds(strategies, PRESETS, options),
    needs: (options, taskKind) => {
      const needs = armNeeds(strategies, PRESETS, options, taskKind);
      return { arrays: [...new Set([...needs.arrays, "probabilities" as const])] };
    },
    costFormula: "the sum of its arms, each for a whole batch",
    cost: (dims, options) => metaCost(strategies, PRESETS, dims, options),
    claims: { random: true, inclusion: false, embeddingInvariance: false },
    sources: [{ authors: "Hsu & Lin", year: 2015, title: "Active learning by learning", where: "AAAI" }],
    differences: [
      "The form `released` is the TAILOR repository's: another floor, a reward of the row alone, credit to the drawn arm only.",
      "Answers that come late are credited when they come; skipped items give no credit.",
      "In the form `hsuLin` arms are only the strategies named; the implementation in libact also reserves a floor for every unlabelled item.",
    ],
    select: (context, pool, batchSize, options) => selectByAlbl(strategies, context, pool, batchSize, options),
  };
}

async function selectByAlbl(
  strategies: readonly Strategy[],
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
): Promise<Selection> {
  const notices: Notice[] = [];
  const plans = planArms(strategies, PRESETS, options, pool, batchSize, notices);
  const ids = plans.map((plan) => plan.id);
  const form = textOption(options, "form") as "released" | "hsuLin";
  const horizon = numberOption(options, "horizon");
  const floor = floorOf(form, ids.length, horizon);
  const stored = readState(pool.state);
  const outcomes = settleOpenRows(pool, stored.open, stored.round + 1);
  const credited = await creditAnswers(pool, stored, outcomes, { form, horizon, ids, floor });
  const weights = ids.map((id) => credited.weights[id]);
  const chances = armProbabilities(weights, floor);
  const random = randomOf(context, "albl");
  return withArms(context, pool, batchSize, plans, async (arms) => {
    const nominators: string[] = [];
    const rowChances: number[] = [];
    const run = await runSlots(
      arms.map((arm) => arm.stream),
      batchSize,
      (slot, isIn) => {
        const open = Float64Array.from(chances, (chance, i) => (isIn(i) ? chance : 0));
        const total = open.reduce((sum, chance) => sum + chance, 0);
        if (total === 0) return { arm: -1, reward: 0 };
        const arm = drawArm(open, random.uniform(slot) * total);
        return { arm, reward: chances[arm] };
      },
      () => context.checkAbort(),
      async (row, chosen) => {
        const together = form === "released" ? [chosen] : await nominatorsOf(arms, row);
        nominators.push(together.map((i) => ids[i]).join(" "));
        rowChances.push(together.reduce((sum, i) => sum + chances[i], 0));
      },
    );
    const round = stored.round + 1;
    const rows = run.filled.map((slot) => slot.nomination.row);
    const state: AlblState = {
      round,
      weights: credited.weights,
      answered: credited.answered,
      chances: { ...stored.chances, [round]: Object.fromEntries(ids.map((id, i) => [id, chances[i]])) },
      open: [
        ...outcomes.map((outcome) => outcome.left).filter((batch) => batch.rows.length > 0),
        { round, isClosed: false, rows, arms: nominators, chances: rowChances },
      ],
    };
    const meta = { chanceOf: (i: number) => chances[i], expectedOf: (i: number) => weights[i] };
    const selection = await metaSelection(arms, run, { ...meta, scoreOf: (slot) => slot.reward }, notices);
    return { ...selection, state: writeState(state) };
  });
}

/** Every arm that would have nominated the row now. */
async function nominatorsOf(arms: readonly OpenedArm[], row: number): Promise<number[]> {
  const found: number[] = [];
  for (const [i, arm] of arms.entries()) if ((await arm.stream.nominate())?.row === row) found.push(i);
  return found;
}
