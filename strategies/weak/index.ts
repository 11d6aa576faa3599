import { meanBinaryEntropyScorer } from "../core/classScorers";
import { uncertaintyStrategy } from "../core/uncertaintyStrategy";

export const weak = uncertaintyStrategy(meanBinaryEntropyScorer, {
  id: "weak",
  title: "Mean binary entropy",
  summary: "Picks the items with the highest entropy per class, averaged over the classes.",
  scoreName: "mean over the classes of the binary entropy of P_k, in bits",
  better: "higher",
  taskKinds: ["multi-label"],
  whenToUse: "Multi-label projects, as a smoother relative of EMAL; the weak supervision arm of TAILOR.",
  whenNot: "Many classes of which few ever apply: the mean is ruled by the certain absences.",
  sources: [
    {
      authors: "Zhang, Shao, Mussmann, Nowak & Jamieson",
      year: 2023,
      title: "Algorithm selection for deep active learning with imbalanced datasets",
      where: "NeurIPS",
    },
  ],
  differences: [
    "The probabilities given are scored as they are; the released arm first tunes a copy of the model for two passes on its own predictions. Give that copy's probabilities to have it.",
    "A probability of 0 or 1 has entropy 0; in the released code it gives no number.",
  ],
});
