/**
 * What a round has to say about itself, in words. Strategies report codes with numbers; unknown ones are shown as they are,
 * never left out.
 */
export function wordNotice(notice: unknown): string {
  if (typeof notice === "string") return notice;
  const { code, level: _, ...details } = notice as { code?: string; level?: string } & Record<string, unknown>;
  const word = code === undefined ? undefined : NOTICES[code];
  if (word) return word(details);
  const rest = Object.entries(details).map(([name, value]) => `${name} ${String(value)}`);
  return [code ?? "notice", ...rest].join(", ");
}

type Details = Record<string, unknown>;

const isOne = (n: unknown): boolean => n === 1;
const counted = (n: unknown, one: string): string => `${n} ${one}${isOne(n) ? "" : "s"}`;
const items = (n: unknown): string => counted(n, "item");
const picks = (n: unknown): string => counted(n, "pick");

const NOTICES: Record<string, (d: Details) => string> = {
  FEWER_THAN_ASKED: (d) => `${d.got} of the ${d.asked} items asked for: no more are left.`,
  UNSCORED_ROWS: (d) => `${items(d.count)} ${isOne(d.count) ? "has" : "have"} no score yet and could not be chosen.`,
  CANDIDATES_TRUNCATED: (d) => `Looked at ${d.to} of ${d.from} ${wordOf(d.of)}, drawn by ${wordRule(d.rule)}.`,
  TIES_AT_CUT: (d) =>
    `${picks(d.decided)} ${isOne(d.decided) ? "ties" : "tie"} with ${items(d.outside)} left out; a fixed draw decided.`,
  CLUSTERS_CAPPED: (d) => `${d.used} groups instead of ${d.asked}: the strategy's limit.`,
  SMALL_CLUSTERS_USED: (d) =>
    `${picks(d.count)} ${isOne(d.count) ? "comes" : "come"} from groups smaller than ${d.minSize}.`,
  MAIN_NOT_READY: () => "The main strategy could not run yet; cold start served instead.",
  COLD_START_AT_RANDOM: () => "Cold start needs vectors that are not there yet; drawn at random instead.",
  STRATEGY_REFUSED: (d) => `The strategy could not rank this pool; drawn at random instead. ${d.message}`,
  ROWS_WITHOUT_VECTOR: (d) =>
    d.filled === 0
      ? `${items(d.count)} without a vector ${isOne(d.count) ? "was" : "were"} not ranked.`
      : `${items(d.count)} ${isOne(d.count) ? "has" : "have"} no vector; ${d.filled} of them ${isOne(d.filled) ? "was" : "were"} drawn at random.`,
  AUDIT_FRAME_EXHAUSTED: (d) =>
    `${counted(d.missing, "audit place")} went to the strategy: the items set aside for audits are used up.`,
  AUDIT_FRAME_SERVED_AS_TRAIN: (d) =>
    `${items(d.count)} set aside for audits ${isOne(d.count) ? "was" : "were"} used for training: nothing else is left.`,
  SELECTION_STOPPED: (d) =>
    `After ${picks(d.after)} the strategy had nothing left to choose by; ${items(d.filled)} ${isOne(d.filled) ? "was" : "were"} drawn at random.`,
  ARITHMETIC: (d) => `Computed in ${d.dtype === "f64" ? "double" : "single"} precision.`,
  FILLED: (d) =>
    `${picks(d.count)} ${isOne(d.count) ? "follows" : "follow"} ${wordFill(d.rule)}: ${wordBecause(d.because)}.`,
  DIMENSIONS_REDUCED: (d) =>
    `Used the ${d.to} main directions of ${d.from}; they hold ${Math.round(Number(d.kept) * 1000) / 10} % of the spread.`,
  APPROXIMATED: (d) =>
    d.what === "fisher-rank-one"
      ? `With ${d.size} labels one matrix stands for those of all labels.`
      : `Computed from the ${d.size} smoothest patterns of the graph of similar items.`,
  LABELLED_LEFT_OUT: (d) => `${counted(d.count, "labelled item")} without a usable prediction took no part.`,
  STATE_RESET: () => "The groups of earlier rounds do not fit the pool any more and were made anew.",
  HYPOTHESES_CAPPED: (d) =>
    `The search for nudges of the model ended after ${d.used}${d.by === "memory" ? ` of ${d.asked}: no memory for more` : ": the strategy's limit"}.`,
  LABELS_NEVER_CHANGED: (d) =>
    `No nudge that was tried changes the answer on ${d.count} of ${d.scored} items; their order says nothing.`,
  NO_BOUNDARY: (d) =>
    `${picks(d.count)} near no border between labels ${isOne(d.count) ? "follows" : "follow"} a fixed draw.`,
  JOINT_SAMPLED: (d) =>
    `From pick ${Number(d.exact) + 1} on what the labels tell together is estimated from ${d.configurations} combinations.`,
  ARM_LEFT_OUT: (d) =>
    `“${d.arm}” took no part: ${d.why === "taskKind" ? "it does not fit this kind of labels" : "it lacks labels or data"}.`,
  ARM_EXHAUSTED: (d) => `“${d.arm}” had no items left; ${d.slots} of its places went to others.`,
  SERVED_AT_RANDOM: (d) =>
    `${items(d.count)} ${isOne(d.count) ? "was" : "were"} drawn at random: ${d.why === "noExamples" ? "there are no examples to go by" : "no labels differ yet"}.`,
  ONE_AT_A_TIME: (d) => `One item instead of ${d.asked}: the strategy waits for each answer.`,
  STRATUM_EXHAUSTED: (d) => `Group ${Number(d.stratum) + 1} fell ${items(d.missing)} short.`,
  PART_EXHAUSTED: (d) => `Part ${Number(d.part) + 1} of the mix fell ${items(d.missing)} short.`,
};

function wordOf(of: unknown): string {
  if (of === "pool") return "items of the pool";
  return of === "labelled" ? "labelled items" : of === "cluster" ? "items of a group" : "candidates";
}

function wordFill(rule: unknown): string {
  if (rule === "density") return "where most items are";
  return rule === "utility" ? "their worth alone" : "a random draw";
}

function wordBecause(because: unknown): string {
  if (because === "covered") return "everything is covered";
  return because === "rank" ? "nothing left differs from the picks before" : "all items left are copies of picks";
}

function wordRule(rule: unknown): string {
  return rule === "utility" ? "their worth" : "lot";
}
