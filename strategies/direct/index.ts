import type { ClassPath, InFlightRule, PathRows } from "../core/classPaths";
import { classesByRarity, classPath, GONE, OPEN, pathRows } from "../core/classPaths";
import { keyHi, keyLo } from "../core/itemKeys";
import { KeyedRandom } from "../core/keyedRandom";
import { booleanOption, numberOption, textOption } from "../core/resolveOptions";
import { selectTopK } from "../core/topK";
import type { Notice, OptionValues, Pool, Reason, SelectContext, Selection, Strategy } from "../core/types";
import type { DirectPath } from "./pickOnPath";
import { bestSplit, pickAroundSplit, pickInInterval } from "./pickOnPath";

interface Pick {
  readonly row: number;
  readonly steps: number;
  readonly reason: Reason;
}

/** Paths kept between the two halves of a batch; others are made again. */
const PATHS_KEPT = 32;

/** What one call of DIRECT works on. */
interface Call {
  readonly context: SelectContext;
  readonly pool: Pool;
  readonly rows: PathRows;
  readonly inFlight: InFlightRule;
  readonly group: number;
  readonly picks: Pick[];
  /** Paths of the classes that the first half of the batch looked at, for the second half. */
  readonly paths: Map<number, ClassPath>;
}

async function selectByDirect(
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
): Promise<Selection> {
  const notices: Notice[] = [];
  const inFlight = textOption(options, "inFlight") as InFlightRule;
  const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
  const rows = pathRows(context, pool, limit, numberOption(options, "maxLabelled"), inFlight, notices);
  const call: Call = {
    context,
    pool,
    rows,
    inFlight,
    group: numberOption(options, "group"),
    picks: [],
    paths: new Map(),
  };
  const n = Math.min(batchSize, rows.nCandidates);
  const isReleased = booleanOption(options, "released");
  const budget = budgetOf(n, pool.nClasses, numberOption(options, "minPerClass"), isReleased);
  const classes = classesByRarity(pool);
  for (const k of classes.slice(0, budget.classes))
    await pickIn(call, k, Math.min(budget.perClass, n - call.picks.length));
  const around = isReleased ? shuffled(context, classes) : classes.slice(0, budget.classes);
  const rest = n - call.picks.length;
  for (const [i, k] of around.entries()) {
    // What one class cannot use goes to the ones after it.
    const until = n - rest + Math.floor((rest * (i + 1)) / around.length);
    await pickAround(call, k, until - call.picks.length);
  }
  const { picks } = call;
  const scores = Float64Array.from(picks, (pick) => pick.steps);
  return {
    rows: Uint32Array.from(picks, (pick) => pick.row),
    scores,
    utility: scores.map((steps) => 1 / (1 + steps)),
    percentile: picks.map(() => null),
    inclusion: picks.map(() => null),
    reasons: picks.map((pick) => [pick.reason]),
    notices,
  };
}

/** Classes whose interval is narrowed in this batch, and rows for each: together about half of the batch. */
function budgetOf(
  n: number,
  nClasses: number,
  least: number,
  isReleased: boolean,
): { readonly classes: number; readonly perClass: number } {
  const even = Math.floor(n / (2 * Math.max(1, nClasses)));
  // The released code has the two branches the other way round.
  if (even >= least !== isReleased) return { classes: nClasses, perClass: even };
  return { classes: Math.min(nClasses, Math.max(1, Math.floor(n / (2 * least)))), perClass: Math.min(least, n >> 1) };
}

async function pickIn(call: Call, k: number, n: number): Promise<void> {
  if (n <= 0) return;
  const { path, rowAt } = await openPath(call, k);
  const split = bestSplit(path.answers);
  const { context, pool } = call;
  const random = new KeyedRandom(context.seed, `${context.scope}/interval.${k}`);
  const coins = new KeyedRandom(context.seed, `${context.scope}/coin.${k}`);
  let tosses = 0;
  let groups = 0;
  const draw = (open: readonly number[], size: number): number[] => {
    const group = ++groups;
    const draws = Float64Array.from(open, (position) => {
      const row = rowAt(position);
      return -random.uniform(keyLo(pool.keys, row) ^ Math.imul(group, 0x9e3779b1), keyHi(pool.keys, row));
    });
    return [...selectTopK(Uint32Array.from(open), draws, size, undefined).rows];
  };
  const group = call.group === 0 ? n : call.group;
  for (const position of pickInInterval(path, n, group, draw, () => coins.uniform(++tosses) < 0.5)) {
    add(call, k, position, rowAt(position), split, "interval");
  }
}

async function pickAround(call: Call, k: number, n: number): Promise<void> {
  if (n <= 0) return;
  const { path, rowAt } = await openPath(call, k);
  const split = bestSplit(path.answers);
  for (const position of pickAroundSplit(path, split, n)) {
    add(call, k, position, rowAt(position), split, "threshold");
  }
}

function add(
  call: Call,
  k: number,
  position: number,
  row: number,
  split: number,
  rule: "interval" | "threshold",
): void {
  const steps = position >= split ? position - split : split - 1 - position;
  call.picks.push({ row, steps, reason: { code: "classBoundary", class: k, gap: steps, rule } });
}

/** The path of a class from its most probable row on, with the rows that this batch has already picked. */
async function openPath(call: Call, k: number): Promise<{ path: DirectPath; rowAt: (position: number) => number }> {
  call.context.checkAbort();
  const ascending = call.paths.get(k) ?? (await classPath(call.pool, call.rows, k));
  if (call.paths.size < PATHS_KEPT) call.paths.set(k, ascending);
  const n = ascending.rows.length;
  const at = (position: number) => n - 1 - position;
  const answers = Int8Array.from({ length: n }, (_, position) => ascending.answers[at(position)]);
  const inFlight = (position: number): number => {
    if (call.inFlight === "removed") return GONE;
    return ascending.predicted[at(position)];
  };
  for (const { row } of call.picks) {
    const position = at(ascending.positionOf(row));
    if (answers[position] === OPEN) answers[position] = inFlight(position);
  }
  return { path: { answers, inFlight }, rowAt: (position) => ascending.rows[at(position)] };
}

function shuffled(context: SelectContext, classes: readonly number[]): number[] {
  const random = new KeyedRandom(context.seed, `${context.scope}/classes`);
  return [...classes].sort((a, b) => random.uniform(a) - random.uniform(b));
}

export const direct: Strategy = {
  id: "direct",
  version: 1,
  title: "DIRECT",
  summary: "Narrows, class by class, the stretch in which the threshold of the class can lie, and labels around it.",
  whenToUse: "Uneven classes with several annotators at once, or with labels that are sometimes wrong.",
  whenNot: "Even classes: margin does as well for less.",
  taskKinds: ["single-label", "multi-label"],
  score: { name: "steps from the class's best threshold on the path of all items", better: "lower" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      minPerClass: {
        type: "integer",
        title: "Items per class at least",
        description: "Smaller batches look at fewer classes, the rarest first, so that each gets this many.",
        minimum: 1,
        maximum: 100_000,
        default: 5,
      },
      group: {
        type: "integer",
        title: "Items labelled side by side",
        description: "The stretch is narrowed after each group, by what the model predicts; 0: once per batch.",
        minimum: 0,
        maximum: 100_000,
        default: 0,
      },
      inFlight: {
        type: "string",
        title: "Answers in flight",
        description: "predicted: an item counts as what the model says until its answer comes; removed: as nothing.",
        enum: ["predicted", "removed"],
        default: "removed",
      },
      released: {
        type: "boolean",
        title: "As the released code",
        description: "Shares the batch among the classes as the code in LabelBench does.",
        default: false,
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
  costFormula: "time O(classes·candidates·(classes + log candidates)); memory O(candidates)",
  cost: (dims, options) => {
    const candidates = Math.min(dims.eligible, Math.max(dims.batchSize, numberOption(options, "maxCandidates")));
    const rows = candidates + Math.min(dims.labelled, numberOption(options, "maxLabelled"));
    return {
      flops: 2 * dims.nClasses * rows * (dims.nClasses + 40),
      bytes:
        16 * dims.eligible + 150 * rows + 8 * Math.min(rows * dims.nClasses, Math.max(1 << 24, 8192 * dims.nClasses)),
    };
  },
  claims: { random: true, inclusion: false, embeddingInvariance: true },
  sources: [
    {
      authors: "Nuggehalli, Zhang, Jain & Nowak",
      year: 2023,
      title: "DIRECT: deep active learning under imbalance and label noise",
      where: "arXiv 2312.09196",
    },
  ],
  differences: [
    "Within a batch no answers are known: the stretch is narrowed from round to round, or by predictions with `group`.",
    "A class gets at least `minPerClass` items and small batches look at the rarest classes only; `released: true` shares as the released code, whose two branches are interchanged.",
    "The second half of a batch goes to the rarest classes first; `released: true` takes all classes in random order.",
  ],
  select: selectByDirect,
};
