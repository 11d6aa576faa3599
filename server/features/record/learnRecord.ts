import { quantileSorted } from "@/strategies";
import { AppError } from "../../errors";
import { readItemFile } from "../itemFile";
import type { CategoricalColumn, FieldValue, NumericColumn, RecordParameters } from "./recordParameters";
import { categoryOf, numberOf } from "./recordParameters";

/** Makes the interquartile range of a normal column its standard deviation. */
const NORMAL_IQR = 1.349;
/** Columns of which at least this share of the values that are there read as numbers are taken as numeric. */
const NUMERIC_SHARE_MIN = 0.95;
/** Different texts counted per column; a column with more is no category. */
const DISTINCT_MAX = 20_000;

interface ColumnSample {
  numbers: number[];
  nPresent: number;
  categories: Map<string, number>;
  isTooVaried: boolean;
}

export interface LearntRecord {
  parameters: RecordParameters;
  nSample: number;
  /** Columns that were found, not named by the lead. */
  isInferred: boolean;
}

/**
 * Learns medians, ranges and categories on the records of a file. Without named columns it takes the columns it finds:
 * numbers where nearly all values read as such, categories where a text repeats and there are few enough.
 *
 * @throws AppError E_PRECONDITION when that leaves no column.
 */
export async function learnRecord(
  itemsPath: string,
  options: { numeric: readonly string[]; categorical: readonly string[]; maxCategories: number },
): Promise<LearntRecord> {
  const { columns, nSample } = await sampleColumns(itemsPath);
  const isInferred = options.numeric.length === 0 && options.categorical.length === 0;
  const names = isInferred ? inferColumns(columns, options.maxCategories) : options;
  const empty: ColumnSample = { numbers: [], nPresent: 0, categories: new Map(), isTooVaried: false };
  const parameters: RecordParameters = {
    numeric: names.numeric.map((name) => numericColumn(name, columns.get(name) ?? empty)),
    categorical: names.categorical.map((name) =>
      categoricalColumn(name, columns.get(name) ?? empty, options.maxCategories),
    ),
  };
  if (parameters.numeric.length === 0 && parameters.categorical.length === 0) {
    throw new AppError(
      "E_PRECONDITION",
      "No column of these records reads as a number or a category. Name columns in the feature settings, or use text features.",
    );
  }
  return { parameters, nSample, isInferred };
}

async function sampleColumns(itemsPath: string): Promise<{ columns: Map<string, ColumnSample>; nSample: number }> {
  const columns = new Map<string, ColumnSample>();
  let nSample = 0;
  for await (const batch of readItemFile(itemsPath)) {
    for (const { text } of batch) {
      nSample++;
      for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, FieldValue>)) {
        let column = columns.get(name);
        if (!column) {
          column = { numbers: [], nPresent: 0, categories: new Map(), isTooVaried: false };
          columns.set(name, column);
        }
        addValue(column, value);
      }
    }
  }
  return { columns, nSample };
}

function addValue(column: ColumnSample, value: FieldValue): void {
  const category = categoryOf(value);
  if (category === undefined) return;
  column.nPresent++;
  const number = numberOf(value);
  if (number !== undefined) column.numbers.push(number);
  const count = column.categories.get(category);
  if (count === undefined && column.categories.size >= DISTINCT_MAX) column.isTooVaried = true;
  else column.categories.set(category, (count ?? 0) + 1);
}

function inferColumns(columns: Map<string, ColumnSample>, maxCategories: number) {
  const numeric: string[] = [];
  const categorical: string[] = [];
  for (const [name, column] of [...columns].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (column.nPresent === 0) continue;
    if (column.numbers.length >= NUMERIC_SHARE_MIN * column.nPresent) numeric.push(name);
    else {
      const repeats = column.categories.size < column.nPresent / 2;
      if (!column.isTooVaried && repeats && column.categories.size <= 10 * maxCategories) categorical.push(name);
    }
  }
  return { numeric, categorical };
}

function numericColumn(name: string, column: ColumnSample): NumericColumn {
  if (column.numbers.length === 0) return { name, center: 0, scale: 1 };
  const sorted = Float64Array.from(column.numbers).sort();
  const spread = (quantileSorted(sorted, 0.75) - quantileSorted(sorted, 0.25)) / NORMAL_IQR;
  const center = quantileSorted(sorted, 0.5);
  // More than half the values equal: the range is 0 although the column varies.
  return { name, center, scale: spread > 0 ? spread : standardDeviation(sorted) || 1 };
}

function standardDeviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function categoricalColumn(name: string, column: ColumnSample, maxCategories: number): CategoricalColumn {
  const ordered = [...column.categories].sort(([a, na], [b, nb]) => nb - na || (a < b ? -1 : 1));
  return { name, values: ordered.slice(0, maxCategories).map(([value]) => value) };
}
