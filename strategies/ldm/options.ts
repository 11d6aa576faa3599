import type { OptionsSchema } from "../core/types";

/** Options of LDM and LDM-S. */
export const LDM_OPTIONS: OptionsSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    search: {
      type: "string",
      title: "Search",
      description:
        "rays: along each random direction the exact size at which an item changes its label; scales: the published search over 51 sizes.",
      enum: ["rays", "scales"],
      default: "rays",
    },
    directions: {
      type: "integer",
      title: "Directions",
      description: "Random directions of the search by rays; each is also taken backwards, which counts.",
      minimum: 2,
      maximum: 16_384,
      default: 256,
    },
    reference: {
      type: "integer",
      title: "Reference items",
      description: "Items as they come, on which a disagreement is measured; the LDM is a multiple of 1 / this number.",
      minimum: 10,
      maximum: 100_000,
      default: 5_000,
    },
    perturbBias: {
      type: "boolean",
      title: "Perturb the bias",
      description: "Perturb the head's bias as well as its weights.",
      default: true,
    },
    ties: {
      type: "string",
      title: "Equal values",
      description: "Items of equal LDM come in the order of their margin, or of their keys.",
      enum: ["margin", "key"],
      default: "margin",
    },
    prefilter: {
      type: "string",
      title: "Cut to candidates",
      description: "How a pool above the candidate limit is cut: to the smallest margins, or at random as published.",
      enum: ["margin", "random"],
      default: "margin",
    },
    maxCandidates: {
      type: "integer",
      title: "Candidates at most",
      description: "A larger pool is cut to this size first, which the result says.",
      minimum: 1,
      maximum: 1_000_000,
      default: 50_000,
    },
    stop: {
      type: "integer",
      title: "Stop rule",
      description: "By scales: a size is left after this many perturbations in a row that lowered no item's value.",
      minimum: 1,
      maximum: 1_000,
      default: 10,
    },
    maxHypotheses: {
      type: "integer",
      title: "Perturbations at most",
      description: "By scales: the search ends here whatever the stop rule says, and the result says so.",
      minimum: 1,
      maximum: 1_000_000,
      default: 4_000,
    },
    relativeSizes: {
      type: "boolean",
      title: "Sizes relative to the weights",
      description: "By scales: multiply the 51 sizes by the root mean square of the head's weights.",
      default: false,
    },
    atOnce: {
      type: "integer",
      title: "Perturbations multiplied together",
      description: "By scales: only a matter of speed; the answer is the one of taking them one by one.",
      minimum: 1,
      maximum: 32,
      default: 16,
    },
  },
};
