import { disagreementStrategy, POSTERIOR_DIFFERENCES, POSTERIOR_SCHEMA } from "../core/disagreementStrategy";

export const bald = disagreementStrategy(() => "bald", {
  id: "bald",
  title: "BALD",
  summary: "Picks the items on which plausible models disagree although each is sure.",
  whenToUse:
    "When labels are noisy: unlike entropy it passes over items that stay ambiguous whatever the model learns.",
  whenNot: "Large batches on its own: near copies come together; BatchBALD or a batch design after it prevents that.",
  score: {
    name: "mutual information of label and model in nats: entropy of the mean prediction − mean entropy",
    better: "higher",
  },
  options: POSTERIOR_SCHEMA,
  sources: [
    {
      authors: "Houlsby, Huszár, Ghahramani & Lengyel",
      year: 2011,
      title: "Bayesian active learning for classification and preference learning",
      where: "arXiv:1112.5745",
    },
    {
      authors: "Gal, Islam & Ghahramani",
      year: 2017,
      title: "Deep Bayesian active learning with image data",
      where: "ICML",
    },
  ],
  differences: POSTERIOR_DIFFERENCES,
});
