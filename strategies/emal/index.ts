import { emalScorer } from "../core/classScorers";
import { uncertaintyStrategy } from "../core/uncertaintyStrategy";

export const emal = uncertaintyStrategy(emalScorer, {
  id: "emal",
  title: "EMAL",
  summary: "Picks the items on which the model is unsure about most classes at once.",
  scoreName: "Σ |P_k − 0.5| over the classes",
  better: "lower",
  taskKinds: ["multi-label"],
  whenToUse: "The plain default of multi-label projects, as margin is of single-label ones.",
  whenNot: "Many classes of which few ever apply: the sum is ruled by the certain absences.",
  sources: [
    {
      authors: "Wu, Sheng, Zhang, Li, Dadakova, Swisher, Cui & Zhao",
      year: 2020,
      title: "Multi-label active learning algorithms for image classification: overview and future promise",
      where: "ACM Computing Surveys",
    },
  ],
  differences: [],
});
