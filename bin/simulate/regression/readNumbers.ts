import { basename } from "node:path";
import { UsageError } from "../../cliError";
import type { DataFlags } from "../readDataSet";
import { columnOf, readMaybeZipped, tableRows } from "../readDataSet";

/** A data set with a number to predict, prepared once for all splits. */
export interface NumberData {
  readonly name: string;
  readonly n: number;
  readonly d: number;
  /** n×d as read: scaling belongs to the split. */
  readonly x: Float64Array;
  /** Mean 0 and population standard deviation 1 over all rows. */
  readonly y: Float64Array;
  readonly target: { readonly mean: number; readonly deviation: number };
  readonly notes: readonly string[];
}

/** More one-hot columns than this are refused: a column of names is not a category. */
const CATEGORIES_MAX = 300;

/**
 * Reads a CSV or TSV (also .gz) by the rules of the benchmark: rows with a missing number are dropped, constant columns
 * too; a column of texts becomes one 0/1 column per text in alphabetical order and one for "missing"; numbers come first.
 * Source: Holzmüller et al. 2023, §C.
 */
export function readNumbers(flags: DataFlags): NumberData {
  const name = basename(flags.data).replace(/\.gz$/, "");
  if (!/\.(csv|tsv|data)$/i.test(name)) {
    throw new UsageError(`--data: ${flags.data} is no .csv or .tsv file (also .gz), which --task regression reads.`);
  }
  const rows = tableRows(readMaybeZipped(flags.data), name, flags.data);
  const names = flags.header
    ? (rows.shift() ?? []).map((title) => title.trim())
    : (rows[0] ?? []).map((_, j) => String(j));
  const target = columnOf("--target", flags.target, names);
  const isNumeric = names.map((_, j) => rows.every((row) => isMissing(row[j]) || Number.isFinite(Number(row[j]))));
  if (!isNumeric[target])
    throw new UsageError(`--target: column "${names[target]}" holds texts; numbers are predicted.`);
  const numeric = names.flatMap((_, j) => (isNumeric[j] ? [j] : []));
  const kept = rows.filter((row) => numeric.every((j) => !isMissing(row[j])));
  if (kept.length === 0) throw new UsageError(`--data: ${flags.data} has no complete rows.`);
  const notes: string[] = [];
  if (kept.length < rows.length) notes.push(`${rows.length - kept.length} rows with missing numbers were dropped.`);
  const columns: Float64Array[] = [];
  for (const j of numeric) {
    if (j === target) continue;
    const values = Float64Array.from(kept, (row) => Number(row[j]));
    if (values.every((value) => value === values[0])) notes.push(`Column "${names[j]}" is constant and was dropped.`);
    else columns.push(values);
  }
  names.forEach((title, j) => {
    if (isNumeric[j]) return;
    const words = [...new Set(kept.map((row) => row[j].trim()).filter((text) => !isMissing(text)))].sort();
    if (words.length > CATEGORIES_MAX)
      throw new UsageError(
        `--data: column "${title}" holds ${words.length} distinct texts; at most ${CATEGORIES_MAX} become categories.`,
      );
    for (const word of words) columns.push(Float64Array.from(kept, (row) => +(row[j].trim() === word)));
    columns.push(Float64Array.from(kept, (row) => +isMissing(row[j])));
    notes.push(`Column "${title}" became ${words.length + 1} columns of 0 and 1.`);
  });
  const n = kept.length;
  const d = columns.length;
  if (d === 0) throw new UsageError(`--data: ${flags.data} has no columns beside the target that vary.`);
  const x = new Float64Array(n * d);
  columns.forEach((values, j) => {
    for (let i = 0; i < n; i++) x[i * d + j] = values[i];
  });
  const raw = Float64Array.from(kept, (row) => Number(row[target]));
  const mean = raw.reduce((sum, value) => sum + value / n, 0);
  const deviation = Math.sqrt(raw.reduce((sum, value) => sum + (value - mean) ** 2 / n, 0));
  if (!(deviation > 0)) throw new UsageError(`--target: column "${names[target]}" is constant.`);
  return { name, n, d, x, y: raw.map((value) => (value - mean) / deviation), target: { mean, deviation }, notes };
}

function isMissing(text: string): boolean {
  const word = text.trim();
  return word === "" || word === "?" || word === "NA" || word === "nan" || word === "NaN";
}
