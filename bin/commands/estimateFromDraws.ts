import { parse } from "csv-parse/sync";
import type { Interval, LossControl, MeanEstimate, TestDraws } from "@/strategies";
import {
  countNonZero,
  effectiveSampleSize,
  equivalentRandomLabels,
  estimateControlled,
  estimateLure,
  estimatePure,
  estimateRatio,
  LossBettingSequence,
  lossVariance,
  lureWeights,
  martingaleInterval,
} from "@/strategies";
import { integerOption, shareOption, UsageError } from "../cliError";
import { readText } from "./selectRows";

export interface EstimateFlags {
  readonly draws: string;
  readonly poolSize: string;
  readonly control?: string;
  readonly metric?: string;
  readonly alpha?: string;
  readonly defensive?: string;
}

const METRICS = ["mean", "accuracy", "ratio"] as const;

/** A record of the draws file; loss is NaN while its label is outstanding. */
interface DrawRow {
  draw: number;
  item: string;
  q: number;
  qMin: number | undefined;
  loss: number;
  denominator: number;
}

interface ReadDraws {
  readonly rows: readonly DrawRow[];
  readonly outstanding: number;
}

/** `winnow estimate`: the mean loss of a frame from recorded draws, as the object that is printed. */
export function estimateFromDraws(flags: EstimateFlags): Record<string, unknown> {
  const poolSize = integerOption("--pool-size", flags.poolSize, 1);
  const alpha = shareOption("--alpha", flags.alpha ?? "0.05");
  const metric = METRICS.find((name) => name === (flags.metric ?? "mean"));
  if (metric === undefined) throw new UsageError(`--metric takes ${METRICS.join(", ")}; got "${flags.metric}".`);
  const { rows, outstanding } = readDraws(flags.draws, poolSize, metric === "ratio");
  const head = { metric, poolSize, draws: rows.length, outstanding, alpha };
  const q = rows.map((row) => row.q);
  const losses = rows.map((row) => row.loss);
  const draws: TestDraws = { poolSize, q, losses };
  const ess = effectiveSampleSize(lureWeights(draws));
  if (metric === "ratio") return { ...head, ...ratioFields(draws, rows, alpha), ess };
  const lure = estimateLure(draws);
  const controlled =
    flags.control === undefined ? null : estimateControlled(draws, readControl(flags.control, rows, poolSize));
  const turn = metric === "accuracy" ? (value: number) => 1 - value : (value: number) => value;
  const turnInterval = ({ low, high }: Interval) =>
    metric === "accuracy" ? { low: 1 - high, high: 1 - low } : { low, high };
  const planned = (estimate: MeanEstimate) => {
    const guarded = martingaleInterval(estimate, { poolSize, nonZero: countNonZero(losses), level: 1 - alpha });
    return {
      ...(guarded.interval === null ? { low: null, high: null } : turnInterval(guarded.interval)),
      withheld: guarded.withheld,
      standardError: guarded.standardError,
    };
  };
  const betting = bettingInterval(draws, rows, alpha, flags.defensive);
  return {
    ...head,
    lure: turn(lure.value),
    pure: turn(estimatePure(draws).value),
    tuned: controlled && turn(controlled.value),
    lambda: controlled?.lambda ?? null,
    intervals: {
      martingale: planned(controlled ?? lure),
      martingaleLure: planned(lure),
      betting:
        betting.interval === null
          ? { low: null, high: null, bound: betting.bound }
          : { ...turnInterval(betting.interval), bound: betting.bound },
    },
    ess,
    randomLabels: equivalentRandomLabels((controlled ?? lure).variance, lossVariance(draws), poolSize),
  };
}

function ratioFields(draws: TestDraws, rows: readonly DrawRow[], alpha: number): Record<string, unknown> {
  const denominators = rows.map((row) => row.denominator);
  const estimate = estimateRatio(draws, draws.losses, denominators, 1 - alpha);
  const bottom = estimatePure({ ...draws, losses: denominators }).value;
  const interval = estimate.interval ?? { low: null, high: null };
  return {
    lure: estimate.value,
    pure: bottom > 0 ? estimatePure(draws).value / bottom : null,
    tuned: null,
    lambda: null,
    intervals: {
      martingale: { ...interval, withheld: estimate.reason },
      betting: { low: null, high: null, bound: "not for ratios" },
    },
    support: estimate.support,
  };
}

/** What the smallest probability at each draw is known from; without it only the lower limit of the loss can move. */
function bettingInterval(
  draws: TestDraws,
  rows: readonly DrawRow[],
  alpha: number,
  defensive: string | undefined,
): { interval: Interval | null; bound: string } {
  const { poolSize } = draws;
  if (rows.some(({ loss }) => loss < 0 || loss > 1))
    return { interval: null, bound: "losses outside 0 … 1: divide by a stated cap first" };
  const share = defensive === undefined ? undefined : shareOption("--defensive", defensive);
  const left = (m: number) => poolSize - m;
  const isUniform = rows.every(({ q }, m) => Math.abs(q * left(m) - 1) < 1e-9);
  // A smallest probability of 0 bounds nothing: some item could not be drawn.
  const hasColumn = rows.every(({ qMin }) => qMin !== undefined && qMin > 0);
  const bound = isUniform
    ? "uniform draws"
    : hasColumn
      ? "column q_min"
      : share !== undefined
        ? "defensive share"
        : "none: one-sided";
  const sequence = new LossBettingSequence(poolSize, { alpha });
  rows.forEach(({ q, qMin, loss }, m) => {
    const known = isUniform ? q : hasColumn ? qMin! : share !== undefined ? share / left(m) : UNKNOWN_Q;
    if (known > q * (1 + 1e-9)) {
      throw new UsageError(
        `Draw ${m + 1} has q ${q}, less than the smallest probability ${known} that was said to be possible (${bound}).`,
      );
    }
    sequence.add({ q, qMin: Math.min(q, known), loss });
  });
  return { interval: sequence.interval(), bound };
}

/** So small that no bet is placed on losses being rarer than they look. */
const UNKNOWN_Q = 1e-300;

function readDraws(path: string, poolSize: number, isRatio: boolean): ReadDraws {
  const records = readCsv("--draws", path);
  const names = isRatio ? ["draw", "item", "q", "numerator", "denominator"] : ["draw", "item", "q", "loss"];
  requireColumns("--draws", path, records, names);
  const rows = records.map((record, line): DrawRow => {
    const number = (column: string) => numberCell(path, line, column, record[column]);
    const top = isRatio ? record.numerator : record.loss;
    return {
      draw: number("draw"),
      item: record.item,
      q: number("q"),
      qMin: record.q_min === undefined || record.q_min === "" ? undefined : number("q_min"),
      loss: top === "" ? Number.NaN : number(isRatio ? "numerator" : "loss"),
      denominator: isRatio && record.denominator !== "" ? number("denominator") : 1,
    };
  });
  rows.sort((a, b) => a.draw - b.draw);
  const seen = new Set<string>();
  rows.forEach((row, m) => {
    if (row.draw !== m + 1) {
      throw new UsageError(
        `--draws: ${path}: draws must be numbered 1, 2, 3, … without gaps; number ${m + 1} is missing (found ${row.draw}).`,
      );
    }
    if (!(row.q > 0 && row.q <= 1 + 1e-9))
      throw new UsageError(`--draws: ${path}: draw ${row.draw} has q ${row.q}; a probability above 0 was expected.`);
    if (seen.has(row.item))
      throw new UsageError(`--draws: ${path}: item ${row.item} was drawn twice; draws are without replacement.`);
    seen.add(row.item);
  });
  if (rows.length > poolSize)
    throw new UsageError(`--pool-size is ${poolSize}, but ${path} holds ${rows.length} draws.`);
  const first = rows.findIndex((row) => Number.isNaN(row.loss));
  const complete = first < 0 ? rows.length : first;
  if (complete === 0)
    throw new UsageError(
      `--draws: ${path} holds no draw with a loss${first === 0 ? " before the first outstanding one" : ""}.`,
    );
  return { rows: rows.slice(0, complete), outstanding: rows.length - complete };
}

const CONTROL_COLUMNS = ["g", "control", "expected_loss", "prediction"];

function readControl(path: string, rows: readonly DrawRow[], poolSize: number): LossControl {
  const records = readCsv("--control", path);
  const column = CONTROL_COLUMNS.find((name) => records[0] !== undefined && name in records[0]);
  if (column === undefined) throw new UsageError(`--control: ${path} needs the columns item and g.`);
  requireColumns("--control", path, records, ["item", column]);
  if (records.length !== poolSize) {
    throw new UsageError(
      `--control: ${path} has ${records.length} items; all ${poolSize} of the frame are needed, drawn or not.`,
    );
  }
  const byItem = new Map(records.map((record, line) => [record.item, numberCell(path, line, column, record[column])]));
  if (byItem.size !== records.length) throw new UsageError(`--control: ${path} names an item twice.`);
  const drawn = rows.map(({ item }) => {
    const g = byItem.get(item);
    if (g === undefined) throw new UsageError(`--control: ${path} lacks item ${item}, which was drawn.`);
    return g;
  });
  let sum = 0;
  for (const g of byItem.values()) sum += g;
  return { drawn, poolMean: sum / poolSize };
}

function readCsv(flag: string, path: string): Record<string, string>[] {
  try {
    return parse(readText(flag, path), { columns: true, bom: true, skip_empty_lines: true, trim: true }) as Record<
      string,
      string
    >[];
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `${flag}: ${path} is no CSV with a header line: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

function requireColumns(
  flag: string,
  path: string,
  records: readonly Record<string, string>[],
  names: readonly string[],
): void {
  if (records.length === 0)
    throw new UsageError(`${flag}: ${path} holds no rows below a header line (${names.join(",")}).`);
  const missing = names.filter((name) => !(name in records[0]));
  if (missing.length > 0) {
    throw new UsageError(
      `${flag}: ${path} lacks the column ${missing.join(", ")}; it needs ${names.join(",")} and has ${Object.keys(records[0]).join(",")}.`,
    );
  }
}

function numberCell(path: string, line: number, column: string, text: string): number {
  const value = Number(text);
  if (text !== "" && Number.isFinite(value)) return value;
  throw new UsageError(`${path}, row ${line + 1}: ${column} is "${text}"; a number was expected.`);
}

/** The same for people. */
export function estimateAsText(result: Record<string, unknown>): string {
  const intervals = result.intervals as Record<
    string,
    { low: number | null; high: number | null; withheld?: string | null; bound?: string }
  >;
  const number = (value: unknown) => (typeof value === "number" ? value.toFixed(4) : "–");
  const range = (name: string) => {
    const { low, high, withheld, bound } = intervals[name];
    const why = withheld ?? bound;
    return `${number(low)} … ${number(high)}${why === null || why === undefined ? "" : `  (${why})`}`;
  };
  const level = `${Number((100 * (1 - (result.alpha as number))).toPrecision(6))} %`;
  return [
    `${result.metric} over a frame of ${result.poolSize}, from ${result.draws} draws${result.outstanding === 0 ? "" : ` (${result.outstanding} not used: an earlier draw has no loss yet)`}`,
    `LURE   ${number(result.lure)}`,
    `PURE   ${number(result.pure)}`,
    ...(result.tuned === null ? [] : [`tuned  ${number(result.tuned)}  (λ ${number(result.lambda)})`]),
    `${level} interval, for one planned look  ${range("martingale")}`,
    `${level} interval, valid at every look   ${range("betting")}`,
    `effective sample size  ${(result.ess as number).toFixed(1)}`,
    "",
  ].join("\n");
}
