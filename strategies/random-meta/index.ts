import { randomOf } from "../core/keyedRandom";
import type { ArmPresets } from "../core/metaArms";
import { armIds, armNeeds, armOptionSchemas, completeArmOptions, metaCost, planArms, withArms } from "../core/metaArms";
import { metaSelection } from "../core/metaSelection";
import type { FilledSlot } from "../core/runSlots";
import { runSlots } from "../core/runSlots";
import type { Notice, Strategy } from "../core/types";

const PRESETS: ArmPresets = {
  uncertainty: {
    "single-label": ["galaxy", "least-confidence", "margin", "badge"],
    "multi-label": ["emal", "class-uncertainty", "galaxy"],
  },
};

/** Every place goes to an arm drawn evenly: what a meta strategy has to beat. */
export function makeRandomMeta(strategies: readonly Strategy[]): Strategy {
  return {
    id: "random-meta",
    version: 1,
    title: "Random choice of strategies",
    summary: "Draws a strategy for every place of the batch, each with the same probability.",
    whenToUse: "As the baseline that TAILOR has to beat, or to mix several strategies evenly.",
    whenNot: "When one of the strategies is known to suit the project.",
    taskKinds: ["single-label", "multi-label"],
    score: {
      name: "utility that the chosen strategy gives the item; scales differ between strategies",
      better: "higher",
    },
    options: {
      type: "object",
      additionalProperties: false,
      properties: armOptionSchemas(strategies, PRESETS, "uncertainty"),
    },
    completeOptions: (options, path) => completeArmOptions(strategies, options, path),
    uses: (options) => armIds(strategies, PRESETS, options),
    needs: (options, taskKind) => armNeeds(strategies, PRESETS, options, taskKind),
    costFormula: "the sum of its arms, each for a whole batch",
    cost: (dims, options) => metaCost(strategies, PRESETS, dims, options),
    claims: { random: true, inclusion: false, embeddingInvariance: false },
    sources: [],
    differences: [],
    async select(context, pool, batchSize, options) {
      const notices: Notice[] = [];
      const plans = planArms(strategies, PRESETS, options, pool, batchSize, notices);
      return withArms(context, pool, batchSize, plans, async (arms) => {
        const random = randomOf(context, "arm");
        const run = await runSlots(
          arms.map((arm) => arm.stream),
          batchSize,
          (slot, isIn) => {
            const open = [...arms.keys()].filter(isIn);
            return { arm: open.length === 0 ? -1 : open[random.below(open.length, slot)], reward: 0 };
          },
        );
        const meta = {
          chanceOf: () => 1 / arms.length,
          expectedOf: () => 0,
          scoreOf: (slot: FilledSlot) => slot.nomination.utility,
        };
        return metaSelection(arms, run, meta, notices);
      });
    },
  };
}
