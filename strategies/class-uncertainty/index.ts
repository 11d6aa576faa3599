import { classOptionSchemas } from "../core/classChoice";
import { classUncertaintyScorer } from "../core/classScorers";
import type { Strategy } from "../core/types";
import { uncertaintyStrategy } from "../core/uncertaintyStrategy";

export const classUncertainty: Strategy = {
  ...uncertaintyStrategy(classUncertaintyScorer, {
    id: "class-uncertainty",
    title: "Uncertainty of one class",
    summary: "Picks the items on which the model is least sure whether one class applies.",
    scoreName: "|P_k − 0.5| of the class that is looked for",
    better: "lower",
    taskKinds: ["multi-label"],
    whenToUse: "Multi-label projects with a class whose boundary matters, or as an arm per class.",
    whenNot: "When all classes matter at once: EMAL looks at their sum.",
    options: { type: "object", additionalProperties: false, properties: classOptionSchemas("rarest") },
    sources: [
      {
        authors: "Lewis & Gale",
        year: 1994,
        title: "A sequential algorithm for training text classifiers",
        where: "SIGIR",
      },
    ],
    differences: ["A batch looks at one class: the one with fewest labels, unless another rule is chosen."],
  }),
  needs: () => ({ arrays: ["probabilities", "labels"] }),
};
