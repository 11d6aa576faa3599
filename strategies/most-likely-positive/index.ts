import { classOptionSchemas } from "../core/classChoice";
import { likelyPositiveScorer } from "../core/classScorers";
import { textOption } from "../core/resolveOptions";
import type { Selection, Strategy } from "../core/types";
import { uncertaintyStrategy } from "../core/uncertaintyStrategy";

const ranked = uncertaintyStrategy(likelyPositiveScorer, {
  id: "most-likely-positive",
  title: "Most likely positive",
  summary: "Picks the items that the model holds most likely to be of one class.",
  scoreName: "P_k, the probability of the class that is looked for",
  better: "higher",
  taskKinds: ["single-label", "multi-label"],
  whenToUse: "To find examples of a rare class fast, once the model ranks it better than chance.",
  whenNot: "For the accuracy of the model: it labels what the model already knows.",
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      ...classOptionSchemas("rarest"),
      order: {
        type: "string",
        title: "Order of the batch",
        description: "bestFirst, or worstFirst as the released code of TAILOR nominates the same batch.",
        enum: ["bestFirst", "worstFirst"],
        default: "bestFirst",
      },
    },
  },
  sources: [
    {
      authors: "Jiang, Malkomes, Converse, Shofner, Moseley & Garnett",
      year: 2017,
      title: "Efficient nonmyopic active search",
      where: "ICML",
    },
  ],
  differences: [
    "The best item comes first; `order: worstFirst` reverses the batch, as the released code of TAILOR does.",
    "A batch looks for one class: the one with fewest labels, unless another rule is chosen.",
  ],
});

export const mostLikelyPositive: Strategy = {
  ...ranked,
  needs: () => ({ arrays: ["probabilities", "labels"] }),
  async select(context, pool, batchSize, options) {
    const best = await ranked.select(context, pool, batchSize, options);
    return textOption(options, "order") === "worstFirst" ? reversed(best) : best;
  },
};

function reversed(selection: Selection): Selection {
  return {
    ...selection,
    rows: selection.rows.slice().reverse(),
    scores: selection.scores.slice().reverse(),
    utility: selection.utility.slice().reverse(),
    percentile: [...selection.percentile].reverse(),
    inclusion: [...selection.inclusion].reverse(),
    reasons: [...selection.reasons].reverse(),
  };
}
