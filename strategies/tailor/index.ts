import { randomOf } from "../core/keyedRandom";
import { labelCounts } from "../core/labelCounts";
import type { ArmPresets } from "../core/metaArms";
import { armIds, armNeeds, armOptionSchemas, completeArmOptions, metaCost, planArms, withArms } from "../core/metaArms";
import { metaSelection } from "../core/metaSelection";
import { booleanOption, numberOption, numbersOption, textOption } from "../core/resolveOptions";
import { runSlots } from "../core/runSlots";
import { StrategyError } from "../core/strategyError";
import type { Notice, OptionsSchema, OptionValues, Pool, SelectContext, Selection, Strategy } from "../core/types";
import type { ArmBelief, DrawRule } from "./belief";
import { bestArm, chancesOf, drawTheta, expectedReward, flatBelief, rewardsOf } from "./belief";
import { classWeights } from "./classWeights";
import { settleRound } from "./settleRound";
import { readState, writeState } from "./tailorState";

/**
 * Sets of arms. `uncertainty` suits linear heads: with most-likely-positive arms their own ranking is not good enough yet
 * for the reward, which counts labels, to mean accuracy. `all` is the set of the paper, for fine-tuned deep models.
 */
const PRESETS: ArmPresets = {
  uncertainty: {
    "single-label": ["galaxy", "least-confidence", "margin", "badge"],
    "multi-label": ["emal", "class-uncertainty", "galaxy"],
  },
  all: {
    "single-label": ["galaxy", "least-confidence", "badge", "most-likely-positive", "similar"],
    "multi-label": ["emal", "class-uncertainty", "most-likely-positive", "galaxy", "weak"],
  },
};

/** Value of the option `pin` while every arm may be drawn. */
const NOT_PINNED = "none";

/** TAILOR over the given strategies as possible arms. */
export function makeTailor(strategies: readonly Strategy[]): Strategy {
  return {
    id: "tailor",
    version: 1,
    title: "TAILOR",
    summary:
      "Learns which of several strategies finds labels of the classes that are wanted, and lets it choose most of the batch.",
    whenToUse:
      "Uneven classes, or when nobody knows in advance which strategy suits the project; it needs a few rounds.",
    whenNot: "Even classes with a small head, where plain margin was better in our runs, and batches of a few items.",
    taskKinds: ["single-label", "multi-label"],
    score: { name: "Σ θ·v, the chosen arm's reward in the draw of this place", better: "higher" },
    options: tailorOptions(strategies),
    completeOptions: (options, path) => completeArmOptions(strategies, options, path),
    uses: (options) => armIds(strategies, PRESETS, options),
    needs: (options, taskKind) => armNeeds(strategies, PRESETS, options, taskKind),
    costFormula: "the sum of its arms, each for a whole batch, and O(batch·arms·classes)",
    cost: (dims, options) => metaCost(strategies, PRESETS, dims, options),
    claims: { random: true, inclusion: false, embeddingInvariance: false },
    sources: [
      {
        authors: "Zhang, Shao, Mussmann, Nowak & Jamieson",
        year: 2023,
        title: "Algorithm selection for deep active learning with imbalanced datasets",
        where: "NeurIPS",
      },
    ],
    differences: [
      "In single-label projects the Dirichlet is drawn from the belief itself; `released: true` adds 1 to its shapes as the released code does.",
      "In single-label projects a class that most labelled items have keeps a positive weight; `released: true` makes it negative there too.",
      "The default arms are the uncertainty strategies, one arm per family that chooses its class inside; `preset: all` with `perClass: each` gives the paper's.",
      "A batch discounts the belief when its first answer has come; later answers are credited without a discount, skipped items only counted.",
      "Samples of tiny Beta and Dirichlet shapes are drawn in log space and stay finite.",
      "An arm that has no item left gives its place to the arm with the next largest draw.",
    ],
    select: (context, pool, batchSize, options) => selectByTailor(strategies, context, pool, batchSize, options),
  };
}

async function selectByTailor(
  strategies: readonly Strategy[],
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
): Promise<Selection> {
  const notices: Notice[] = [];
  const plans = planArms(strategies, PRESETS, options, pool, batchSize, notices);
  const ids = plans.map((plan) => plan.id);
  const state = readState(pool.state, pool.nClasses, numberOption(options, "reset"));
  const begin = settleRound(pool, state, ids, numberOption(options, "gamma"));
  const weights = weightsOf(pool, options);
  const rule = drawRule(pool, options);
  const beliefs = ids.map((id) => begin.state.beliefs.get(id) ?? flatBelief(pool.nClasses));
  const pinned = textOption(options, "pin");
  const isDrawn = plans.map((plan) => pinned === NOT_PINNED || plan.strategy.id === pinned);
  const best = chancesOf(rule, beliefs, weights, randomOf(context, "chance")).chances;
  const drawn = chancesOfDrawn(context, rule, beliefs, weights, isDrawn, best);
  const expected = beliefs.map((belief) => expectedReward(rule, belief, weights));
  const theta = new Float64Array(beliefs.length * pool.nClasses);
  const rewards = new Float64Array(beliefs.length);
  return withArms(context, pool, batchSize, plans, async (arms) => {
    const run = await runSlots(
      arms.map((arm) => arm.stream),
      batchSize,
      (_slot, isIn) => {
        const preferred = bestArm(rewards, (i) => isDrawn[i] && isIn(i));
        const arm = preferred >= 0 ? preferred : bestArm(rewards, isIn);
        return { arm, reward: arm < 0 ? 0 : rewards[arm] };
      },
      (slot) => {
        context.checkAbort();
        // The belief stays as it was when the batch began; only the draw is new.
        drawTheta(rule, beliefs, randomOf(context, `theta/${slot}`), 0, theta);
        rewardsOf(theta, weights, rewards);
      },
    );
    const selection = await metaSelection(
      arms,
      run,
      { chanceOf: (arm) => drawn[arm], expectedOf: (arm) => expected[arm], scoreOf: (slot) => slot.reward },
      notices,
    );
    const decisions = { asked: batchSize, ids, weights, filled: run.filled, best, drawn, expected };
    return { ...selection, state: writeState(begin.close(decisions)) };
  });
}

/** Chance of each arm to be drawn: the same as to be best, unless a strategy is pinned. */
function chancesOfDrawn(
  context: SelectContext,
  rule: DrawRule,
  beliefs: readonly ArmBelief[],
  weights: Float64Array,
  isDrawn: readonly boolean[],
  best: Float64Array,
): Float64Array {
  if (isDrawn.every(Boolean) || !isDrawn.some(Boolean)) return best;
  const kept = isDrawn.flatMap((is, i) => (is ? [i] : []));
  const among = chancesOf(
    rule,
    kept.map((i) => beliefs[i]),
    weights,
    randomOf(context, "chance-pinned"),
  ).chances;
  const drawn = new Float64Array(beliefs.length);
  kept.forEach((arm, i) => {
    drawn[arm] = among[i];
  });
  return drawn;
}

function drawRule(pool: Pool, options: OptionValues): DrawRule {
  return {
    isMultiLabel: pool.taskKind === "multi-label",
    dirichletOffset: booleanOption(options, "released") ? 1 : 0,
  };
}

function weightsOf(pool: Pool, options: OptionValues): Float64Array {
  const objective = textOption(options, "objective") as "balance" | "find" | "custom";
  const custom = numbersOption(options, "weights");
  if (objective === "custom" && custom.length !== pool.nClasses) {
    throw new StrategyError(
      "E_OPTIONS",
      `options.weights: the objective "custom" needs one weight for each of the ${pool.nClasses} classes, got ${custom.length}.`,
    );
  }
  const isMajorityNegative = pool.taskKind === "multi-label" || booleanOption(options, "released");
  const rule = { objective, custom, isMajorityNegative };
  return classWeights(rule, labelCounts(pool) ?? [], pool.labelled.rows.length);
}

function tailorOptions(strategies: readonly Strategy[]): OptionsSchema {
  return {
    type: "object",
    additionalProperties: false,
    properties: {
      objective: {
        type: "string",
        title: "Objective",
        description:
          "What labels are worth: balance, those of rare classes more; find, every positive the same; custom, the weights below.",
        enum: ["balance", "find", "custom"],
        default: "balance",
      },
      weights: {
        type: "array",
        title: "Worth of a label by class",
        description:
          "For the objective custom: one number per class, in the order of the classes; negative: enough of it.",
        items: { type: "number", minimum: -1000, maximum: 1000 },
        maxItems: 10_000,
        default: [],
      },
      gamma: {
        type: "number",
        title: "Memory",
        description: "Share of what was learned that is kept at each batch; 0.9 remembers about ten batches.",
        minimum: 0,
        maximum: 1,
        default: 0.9,
      },
      ...armOptionSchemas(strategies, PRESETS, "uncertainty"),
      pin: {
        type: "string",
        title: "Pinned strategy",
        description: "Fills every place by this arm while it can; what the others would learn is kept.",
        enum: [NOT_PINNED, ...strategies.map((strategy) => strategy.id)],
        default: NOT_PINNED,
      },
      reset: {
        type: "integer",
        title: "Start afresh",
        description: "Another number than before forgets all that was learned.",
        minimum: 0,
        maximum: 1_000_000,
        default: 0,
      },
      released: {
        type: "boolean",
        title: "As the released code",
        description: "Draws and weighs in single-label projects exactly as the authors' code does.",
        default: false,
      },
    },
  };
}
