import { entropyScorer } from "../core/probabilityScorers";
import { uncertaintyStrategy } from "../core/uncertaintyStrategy";

export const entropy = uncertaintyStrategy(entropyScorer, {
  id: "entropy",
  better: "higher",
  title: "Entropy",
  summary: "Picks the items whose class probabilities are spread most evenly.",
  scoreName: "entropy of the class probabilities, in nats",
  whenToUse: "A few classes of which all matter, when being torn between several classes is what should be resolved.",
  whenNot: "Many classes: the tail of improbable classes drives the score, and it can fall behind random picks.",
  sources: [
    {
      authors: "Settles & Craven",
      year: 2008,
      title: "An analysis of active learning strategies for sequence labeling tasks",
      where: "EMNLP",
    },
  ],
  differences: ["Probabilities below 1e-10 are raised to 1e-10 inside the logarithm."],
});
