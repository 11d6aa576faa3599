import { leastConfidenceScorer } from "../core/probabilityScorers";
import { uncertaintyStrategy } from "../core/uncertaintyStrategy";

export const leastConfidence = uncertaintyStrategy(leastConfidenceScorer, {
  id: "least-confidence",
  better: "lower",
  title: "Least confidence",
  summary: "Picks the items whose most probable class has the lowest probability.",
  scoreName: "p1, the largest class probability",
  whenToUse:
    "A few classes and a model that is already calibrated; with two classes it is the same as margin and entropy.",
  whenNot: "Many classes with a young model: items on which everything is equally improbable crowd out useful ones.",
  sources: [
    {
      authors: "Lewis & Gale",
      year: 1994,
      title: "A sequential algorithm for training text classifiers",
      where: "SIGIR",
    },
  ],
  differences: [],
});
