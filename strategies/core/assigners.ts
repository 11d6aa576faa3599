import { keyHi, keyLo } from "./itemKeys";
import { randomOf } from "./keyedRandom";
import { NO_OPTIONS, numberOption, textOption } from "./resolveOptions";
import type { Assigner, Selection } from "./types";

/** The order of the design, most wanted first. */
const ranked: Assigner = {
  id: "ranked",
  version: 1,
  title: "As ranked",
  options: NO_OPTIONS,
  assign: (_context, _pool, selection) => selection,
};

/** A random order: whatever part of the batch has been answered is a fair picture of the whole. */
const shuffled: Assigner = {
  id: "shuffled",
  version: 1,
  title: "Shuffled",
  options: NO_OPTIONS,
  assign(context, pool, selection) {
    const random = randomOf(context, "shuffle");
    const draws = Float64Array.from(selection.rows, (row) =>
      random.uniform(keyLo(pool.keys, row), keyHi(pool.keys, row)),
    );
    const order = Array.from(selection.rows.keys()).sort((a, b) => draws[a] - draws[b]);
    return reordered(selection, order);
  },
};

/** More than one opinion on part of the batch. */
const extraOpinions: Assigner = {
  id: "extra-opinions",
  version: 1,
  title: "Extra opinions",
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      opinions: {
        type: "integer",
        title: "Opinions",
        description: "How many people answer the items that are chosen for it.",
        minimum: 2,
        maximum: 20,
        default: 2,
      },
      share: {
        type: "number",
        title: "Share of the batch",
        description: "Rounded to the nearest number of items.",
        minimum: 0,
        maximum: 1,
        default: 0.1,
      },
      of: {
        type: "string",
        title: "Which items",
        description: "random measures agreement without bias; first takes the most wanted.",
        enum: ["random", "first"],
        default: "random",
      },
    },
  },
  assign(context, pool, selection, options) {
    const n = selection.rows.length;
    const wanted = Math.round(numberOption(options, "share") * n);
    const random = randomOf(context, "opinions");
    const draws = Float64Array.from(selection.rows, (row) =>
      random.uniform(keyLo(pool.keys, row), keyHi(pool.keys, row)),
    );
    const order = Array.from({ length: n }, (_, i) => i);
    if (textOption(options, "of") === "random") order.sort((a, b) => draws[a] - draws[b]);
    const opinions = new Array<number>(n).fill(1);
    for (const i of order.slice(0, wanted)) opinions[i] = numberOption(options, "opinions");
    return { ...selection, opinions };
  },
};

export const ASSIGNERS: readonly Assigner[] = [ranked, shuffled, extraOpinions];

function reordered(selection: Selection, order: readonly number[]): Selection {
  return {
    ...selection,
    rows: Uint32Array.from(order, (i) => selection.rows[i]),
    scores: Float64Array.from(order, (i) => selection.scores[i]),
    utility: Float64Array.from(order, (i) => selection.utility[i]),
    percentile: order.map((i) => selection.percentile[i]),
    inclusion: order.map((i) => selection.inclusion[i]),
    reasons: order.map((i) => selection.reasons[i]),
    ...(selection.opinions === undefined ? {} : { opinions: order.map((i) => selection.opinions![i]) }),
  };
}
