import { designedSelection, embeddedCandidates, limitCandidates, withEmbedding } from "../core/embeddedCandidates";
import { rowsByKey } from "../core/itemKeys";
import { KeyedRandom, randomOf } from "../core/keyedRandom";
import { labelCounts } from "../core/labelCounts";
import { numberOption, textOption } from "../core/resolveOptions";
import { sampleRows } from "../core/sampleRows";
import type {
  Candidates,
  Designer,
  Notice,
  OptionValues,
  Pool,
  SelectContext,
  Selection,
  Strategy,
} from "../core/types";
import { flqmi } from "./flqmi";
import type { Query } from "./similarities";
import { similarities } from "./similarities";

/** Below this many examples of some class the released code serves at random. */
const GUARD_EXAMPLES = 5;

const design: Designer = async (context, pool, candidates, batchSize, options) => {
  const notices: Notice[] = [];
  const covered = withProbabilities(pool, withEmbedding(pool, candidates, notices), notices);
  const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
  const rows = rowsByKey(pool.keys, limitCandidates(context, pool, covered, limit, notices));
  const queries = queriesOf(pool, options);
  if (queries.length === 0 || isGuarded(pool, options))
    return atRandom(context, pool, candidates, rows, batchSize, notices);
  const similarity = await similarities(context, pool, rows, queries, textOption(options, "kernel") === "gradients");
  const found = flqmi(similarity, queries.length, Math.min(batchSize, rows.length), numberOption(options, "eta"));
  const gains = Float64Array.from(found.gains);
  const selection = designedSelection(
    candidates,
    {
      rows: Uint32Array.from(found.picks, (i) => rows[i]),
      scores: gains,
      utility: gains.slice(),
      percentile: found.picks.map(() => null),
      reasons: found.picks.map((i, pick) => ({
        code: "likeExample",
        nearest: queries[found.nearest[pick]].row,
        class: queries[found.nearest[pick]].class,
        similarity: similarity[i * queries.length + found.nearest[pick]],
      })),
    },
    notices,
  );
  context.trace({ stage: "similar", values: { queries: queries.length, candidates: rows.length } });
  return selection;
};

export const similar: Strategy = {
  id: "similar",
  version: 1,
  title: "SIMILAR",
  summary: "Picks items that are most like labelled examples of the rare classes, and not all like the same one.",
  whenToUse: "Rare classes of which a few examples are labelled and more are wanted.",
  whenNot: "Even classes, or before there are examples: it then draws at random, and says so.",
  taskKinds: ["single-label"],
  score: { name: "gain in facility-location mutual information with the examples", better: "higher" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      target: {
        type: "string",
        title: "Examples of",
        description: "rare: classes with fewer labels than the average; all: every class.",
        enum: ["rare", "all"],
        default: "rare",
      },
      perClass: {
        type: "integer",
        title: "Examples per class at most",
        description: "Of more labelled items of a class a random sample of this size is used.",
        minimum: 1,
        maximum: 1000,
        default: 5,
      },
      eta: {
        type: "number",
        title: "Weight of likeness η",
        description: "0 covers the examples evenly; the larger, the more likeness to any one example counts.",
        minimum: 0,
        maximum: 1000,
        default: 1,
      },
      kernel: {
        type: "string",
        title: "Likeness",
        description: "features: cosine of the embeddings; gradients: times the cosine of what the model got wrong.",
        enum: ["gradients", "features"],
        default: "gradients",
      },
      guard: {
        type: "string",
        title: "When to draw at random",
        description:
          "none: only without examples; fewest: when some class has fewer than 5 labels; released: always, as the released code of TAILOR does in single-label projects.",
        enum: ["none", "fewest", "released"],
        default: "none",
      },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "A larger pool is cut to a random subset of this size first, which the result says.",
        minimum: 1,
        maximum: 1_000_000,
        default: 50_000,
      },
    },
  },
  needs: () => ({ arrays: ["probabilities", "embeddings", "labels"] }),
  costFormula: "time O(candidates·examples·(d + classes)); memory O(candidates·examples)",
  cost: (dims, options) => {
    const candidates = Math.min(dims.eligible, Math.max(dims.batchSize, numberOption(options, "maxCandidates")));
    const queries = Math.min(dims.labelled, dims.nClasses * numberOption(options, "perClass"));
    return {
      flops: candidates * (4 * queries * (dims.embeddingDim + dims.nClasses) + 4),
      bytes:
        16 * dims.eligible +
        candidates * (40 + 8 * queries) +
        8 * (8192 + queries) * (dims.embeddingDim + 2 * dims.nClasses),
    };
  },
  claims: { random: false, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Kothawade, Beck, Killamsetty & Iyer",
      year: 2021,
      title: "SIMILAR: submodular information measures based active learning in realistic scenarios",
      where: "NeurIPS",
    },
  ],
  differences: [
    "Negative likeness counts as 0, and ties go to the lowest item key.",
    "Examples are a random sample of each class; `guard: released` and `guard: fewest` draw the whole batch at random as the arm of TAILOR does or means to do.",
  ],
  select: (context, pool, batchSize, options) => design(context, pool, embeddedCandidates(pool), batchSize, options),
  design,
};

/** Labelled examples of the classes that are looked for, by class and key. */
function queriesOf(pool: Pool, options: OptionValues): Query[] {
  const counts = labelCounts(pool)!;
  const covered = Math.min(pool.embeddings!.n, pool.probabilities!.n);
  const mean = pool.labelled.rows.length / Math.max(1, counts.length);
  const rare = [...counts.keys()].filter((k) => counts[k] > 0 && counts[k] < mean);
  const classes = textOption(options, "target") === "rare" && rare.length > 0 ? rare : [...counts.keys()];
  // The same examples in every round, whatever its seed: which ones are labelled changes fast enough.
  const random = new KeyedRandom("", "similar/examples");
  return classes.flatMap((k) => {
    const own = pool.labelled.rows.filter((row, i) => row < covered && pool.labelled.classes[i] === k);
    return Array.from(sampleRows(own, numberOption(options, "perClass"), pool.keys, random), (row) => ({
      row,
      class: k,
    }));
  });
}

function isGuarded(pool: Pool, options: OptionValues): boolean {
  const guard = textOption(options, "guard");
  // The released guard counts the classes of each labelled item, which is one, instead of the items of each class.
  if (guard === "released") return true;
  return guard === "fewest" && labelCounts(pool)!.some((count) => count < GUARD_EXAMPLES);
}

function withProbabilities(pool: Pool, candidates: Candidates, notices: Notice[]): Candidates {
  const covered = pool.probabilities!.n;
  if (candidates.rows.every((row) => row < covered)) return candidates;
  const asEmbedded: Pool = Object.create(pool, { embeddings: { value: pool.probabilities } });
  return withEmbedding(asEmbedded, candidates, notices);
}

function atRandom(
  context: SelectContext,
  pool: Pool,
  candidates: Candidates,
  rows: Uint32Array,
  n: number,
  notices: Notice[],
): Selection {
  const picks = sampleRows(rows, n, pool.keys, randomOf(context, "anywhere"));
  if (picks.length > 0) {
    notices.push({ code: "SERVED_AT_RANDOM", level: "fallback", count: picks.length, why: "noExamples" });
  }
  const zeros = new Float64Array(picks.length);
  return designedSelection(
    candidates,
    {
      rows: picks,
      scores: zeros,
      utility: zeros,
      percentile: Array.from(picks, () => null),
      reasons: Array.from(picks, () => ({ code: "random" })),
    },
    notices,
  );
}
