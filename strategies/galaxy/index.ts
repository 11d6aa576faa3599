import type { OpenArm } from "../core/arms";
import { ClassChooser, classOptionSchemas } from "../core/classChoice";
import type { InFlightRule } from "../core/classPaths";
import { pathRows } from "../core/classPaths";
import { randomOf } from "../core/keyedRandom";
import { numberOption, textOption } from "../core/resolveOptions";
import { selectionOfArm } from "../core/selectionOfArm";
import type { Notice, OptionValues, Pool, SelectContext, Strategy } from "../core/types";
import type { GalaxyArm, GalaxyVariant } from "./galaxyArm";
import { drawOpenRow, galaxyArm } from "./galaxyArm";

const open = (
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
  notices: Notice[],
): GalaxyArm => {
  const inFlight = textOption(options, "inFlight") as InFlightRule | "stream";
  const rows = pathRows(
    context,
    pool,
    Math.max(batchSize, numberOption(options, "maxCandidates")),
    numberOption(options, "maxLabelled"),
    inFlight === "predicted" ? "predicted" : "removed",
    notices,
  );
  const variant = textOption(options, "variant") as GalaxyVariant;
  const chooser = new ClassChooser(context, pool, options);
  return galaxyArm(pool, rows, chooser, { variant, inFlight }, drawOpenRow(pool, randomOf(context, "anywhere")));
};

/** What a batch of GALAXY has to say, once it is full. */
function noticesOf(stream: GalaxyArm, notices: readonly Notice[]): readonly Notice[] {
  if (stream.atRandom === 0) return notices;
  return [...notices, { code: "SERVED_AT_RANDOM", level: "fallback", count: stream.atRandom, why: "noBoundary" }];
}

const arm: OpenArm = (context, pool, batchSize, options) => {
  const notices: Notice[] = [];
  const stream = open(context, pool, batchSize, options, notices);
  let alone: Promise<ReadonlyMap<number, number>> | undefined;
  const ranksAlone = async () => {
    const { rows } = await selectionOfArm(context, open(context, pool, batchSize, options, []), batchSize, []);
    return new Map(Array.from(rows, (row, rank) => [row, rank]));
  };
  return {
    get notices() {
      return noticesOf(stream, notices);
    },
    nominate: stream.nominate,
    take: stream.take,
    async rankOf(row) {
      const own = await stream.rankOf(row);
      if (own !== null) return own;
      // What it would have picked without the other arms' picks on its paths.
      alone ??= ranksAlone();
      return (await alone).get(row) ?? null;
    },
  };
};

export const galaxy: Strategy = {
  id: "galaxy",
  version: 1,
  title: "GALAXY",
  summary: "Orders the pool by the probability of a class and halves the stretch between labels with and without it.",
  whenToUse: "Uneven classes: it finds the boundary of rare ones and labels both sides of it.",
  whenNot:
    "Large batches by many annotators at once: it wants each answer before the next pick and must guess the ones in flight.",
  taskKinds: ["single-label", "multi-label"],
  score: { name: "open items in the stretch that is halved, or steps from the boundary", better: "lower" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      ...classOptionSchemas("rarest"),
      variant: {
        type: "string",
        title: "Variant",
        description:
          "bisect: shortest stretch from the low end, as the arm of TAILOR; labelbench: from the high end; original: edges grow when no stretch is left.",
        enum: ["bisect", "labelbench", "original"],
        default: "bisect",
      },
      inFlight: {
        type: "string",
        title: "Answers in flight",
        description:
          "predicted: an item counts as what the model says until its answer comes; removed: it is taken out of the path; stream: one item at a time.",
        enum: ["predicted", "removed", "stream"],
        default: "predicted",
      },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "A larger pool is cut to a random subset of this size first, which the result says.",
        minimum: 1,
        maximum: 1_000_000,
        default: 100_000,
      },
      maxLabelled: {
        type: "integer",
        title: "Labelled items at most",
        description: "Of more labelled items a random subset of this size takes part.",
        minimum: 1,
        maximum: 1_000_000,
        default: 50_000,
      },
    },
  },
  needs: () => ({ arrays: ["probabilities", "labels"] }),
  costFormula: "time O(classes·candidates·(classes + log candidates) + batch·candidates); memory O(classes·candidates)",
  cost: (dims, options) => {
    const candidates = Math.min(dims.eligible, Math.max(dims.batchSize, numberOption(options, "maxCandidates")));
    const rows = candidates + Math.min(dims.labelled, numberOption(options, "maxLabelled"));
    const paths = Math.min(dims.nClasses, dims.batchSize);
    return {
      flops: rows * (paths * (dims.nClasses + 40) + 8 * dims.batchSize),
      bytes:
        16 * dims.eligible +
        rows * (120 + 14 * paths) +
        8 * Math.min(rows * dims.nClasses, Math.max(1 << 24, 8192 * dims.nClasses)),
    };
  },
  claims: { random: false, inclusion: false, embeddingInvariance: true },
  sources: [
    {
      authors: "Zhang, Katz-Samuels & Nowak",
      year: 2022,
      title: "GALAXY: graph-based active learning at the extreme",
      where: "ICML",
    },
  ],
  differences: [
    "Answers in flight are what the model predicts; the released codes read the true label of a pick before the next one.",
    "One call looks for the rarest class first and counts its picks; the released codes take the classes in turn, at random, or as arms.",
    "Of ties in the original variant the lowest place on the path is searched first; the released code's order is that of a hash table.",
  ],
  async select(context, pool, batchSize, options) {
    const notices: Notice[] = [];
    const stream = open(context, pool, batchSize, options, notices);
    const selection = await selectionOfArm(context, stream, batchSize, []);
    const told = [...noticesOf(stream, notices)];
    if (textOption(options, "inFlight") === "stream" && selection.rows.length < batchSize) {
      told.push({ code: "ONE_AT_A_TIME", level: "info", asked: batchSize });
    }
    return { ...selection, notices: told };
  },
  arm,
};
