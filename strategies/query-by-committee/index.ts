import { disagreementStrategy, POSTERIOR_DIFFERENCES } from "../core/disagreementStrategy";
import type { Disagreement } from "../core/posteriorScores";
import { POSTERIOR_OPTIONS } from "../core/posteriorSource";
import { textOption } from "../core/resolveOptions";

/** The names of the disagreements in the literature on committees. */
const MEASURES: Readonly<Record<string, Disagreement>> = {
  "vote-entropy": "vote-entropy",
  "consensus-entropy": "consensus-entropy",
  "kl-to-consensus": "bald",
  "variation-ratio": "variation-ratio",
};

export const queryByCommittee = disagreementStrategy((options) => MEASURES[textOption(options, "disagreement")], {
  id: "query-by-committee",
  title: "Query by committee",
  summary: "Picks the items on which a committee of models votes most evenly.",
  whenToUse: "With an ensemble at hand, or with heads drawn around the trained one, when votes are easier to explain.",
  whenNot: "Small committees: votes of few members take few values, and most items tie.",
  score: {
    name: "disagreement of the committee: entropy of the votes in nats, or what `disagreement` names",
    better: "higher",
  },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      disagreement: {
        type: "string",
        title: "Disagreement",
        description:
          "Entropy of the votes, entropy of the mean prediction, mean divergence from the mean prediction, or 1 − its largest probability.",
        enum: Object.keys(MEASURES),
        default: "vote-entropy",
      },
      ...POSTERIOR_OPTIONS,
    },
  },
  sources: [
    { authors: "Seung, Opper & Sompolinsky", year: 1992, title: "Query by committee", where: "COLT" },
    {
      authors: "Dagan & Engelson",
      year: 1995,
      title: "Committee-based sampling for training probabilistic classifiers",
      where: "ICML",
    },
    {
      authors: "McCallum & Nigam",
      year: 1998,
      title: "Employing EM and pool-based active learning for text classification",
      where: "ICML",
    },
  ],
  differences: [...POSTERIOR_DIFFERENCES, "A member that is undecided votes for the lower class."],
});
