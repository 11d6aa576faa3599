import { numberOption } from "./resolveOptions";
import type { Filter } from "./types";

/** Keeps the rows with the highest utility, a multiple of the batch. */
export const topUtilityFilter: Filter = {
  id: "top-utility",
  version: 1,
  title: "Highest utility",
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      factor: {
        type: "number",
        title: "Candidates per pick",
        description: "How many candidates are kept for each item of the batch.",
        minimum: 1,
        maximum: 10_000,
        default: 10,
      },
    },
  },
  keep: (options, batchSize) => Math.ceil(numberOption(options, "factor") * batchSize),
  by: "utility",
};

/** Keeps a simple random sample of the rows. */
export const randomSubsetFilter: Filter = {
  id: "random-subset",
  version: 1,
  title: "Random subset",
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      size: {
        type: "integer",
        title: "Rows kept",
        description: "Size of the random sample of the pool that goes on to the next stage.",
        minimum: 1,
        maximum: 10_000_000,
        default: 50_000,
      },
    },
  },
  keep: (options) => numberOption(options, "size"),
  by: "random",
};

export const FILTERS: readonly Filter[] = [topUtilityFilter, randomSubsetFilter];
