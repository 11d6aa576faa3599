import { marginScorer } from "../core/probabilityScorers";
import { uncertaintyStrategy } from "../core/uncertaintyStrategy";

export const margin = uncertaintyStrategy(marginScorer, {
  id: "margin",
  better: "lower",
  title: "Margin",
  summary: "Picks the items whose two most probable classes are closest.",
  scoreName: "p1 − p2, the gap between the two largest class probabilities",
  whenToUse: "The default once a model exists: in broad comparisons few methods beat it, and it costs one pass.",
  whenNot: "Before there is a model, or where many items are near copies of each other and the batch is large.",
  sources: [
    {
      authors: "Scheffer, Decomain & Wrobel",
      year: 2001,
      title: "Active hidden Markov models for information extraction",
      where: "IDA",
    },
  ],
  differences: ["The gap is taken on probabilities, not on logits; the two give different orders."],
});
