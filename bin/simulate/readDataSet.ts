import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { UsageError } from "../cliError";
import { npyClasses, npyMatrix, readInto } from "../npy/npyValues";
import { openNpy } from "../npy/openNpy";
import type { DataSet } from "./dataSet";
import { numberClasses, standardizeColumns } from "./dataSet";

/** Distinct texts up to which a column becomes one 0/1 column each. */
const CATEGORIES_MAX = 64;

export interface DataFlags {
  readonly data: string;
  readonly target?: string;
  readonly text?: string;
  /** False: the CSV has no header line. */
  readonly header: boolean;
}

/** Texts of one column turned into vectors, row-major. */
export type Featurize = (texts: readonly string[]) => Promise<{ x: Float32Array; d: number; note: string }>;

/** Reads a data set by the extension of its name; `.gz` is unpacked first. */
export async function readDataSet(flags: DataFlags, featurize: Featurize): Promise<DataSet> {
  const name = basename(flags.data).replace(/\.gz$/, "");
  if (/\.npy$/i.test(name)) return readNumpy(flags, name);
  const text = readMaybeZipped(flags.data);
  if (/\.(svm|libsvm|svmlight)$/i.test(name)) return readSvmlight(text, name);
  if (/\.(csv|tsv|data)$/i.test(name)) return readTable(flags, text, name, featurize);
  throw new UsageError(`--data: ${flags.data} is no .csv, .tsv, .svm or .npy file (also .gz).`);
}

export function readMaybeZipped(path: string): string {
  try {
    const bytes = readFileSync(path);
    return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  } catch (error) {
    throw new UsageError(`--data: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function readNumpy(flags: DataFlags, name: string): DataSet {
  if (flags.target === undefined)
    throw new UsageError("--target takes a column number or a second .npy file for .npy data.");
  const file = openNpy(flags.data);
  const { n, dim } = npyMatrix(file, "--data");
  const all = new Float64Array(n * dim);
  readInto(file, 0, all);
  file.close();
  if (/\.npy$/i.test(flags.target)) {
    const labels = npyClasses(openNpy(flags.target), "--target");
    if (labels.length !== n)
      throw new UsageError(`--data has ${n} rows and --target ${labels.length}; they must agree.`);
    return finished(name, n, dim, Float32Array.from(all), Array.from(labels, String), []);
  }
  const target = columnNumber(flags.target, dim);
  const x = new Float32Array(n * (dim - 1));
  const labels: string[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0, to = 0; j < dim; j++) {
      if (j === target) labels.push(String(all[i * dim + j]));
      else x[i * (dim - 1) + to++] = all[i * dim + j];
    }
  }
  return finished(name, n, dim - 1, x, labels, []);
}

function readSvmlight(text: string, name: string): DataSet {
  const labels: string[] = [];
  const entries: (readonly [number, number])[][] = [];
  let d = 0;
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const parts = line.replace(/#.*$/, "").trim().split(/\s+/);
    if (parts[0] === "") continue;
    labels.push(parts[0]);
    entries.push(
      parts.slice(1).map((part) => {
        const [index, value] = part.split(":").map(Number);
        if (!(Number.isInteger(index) && index >= 1 && Number.isFinite(value))) {
          throw new UsageError(`--data: line ${at + 1}: "${part}" is not index:value with an index from 1.`);
        }
        d = Math.max(d, index);
        return [index, value] as const;
      }),
    );
  }
  const x = new Float32Array(labels.length * d);
  entries.forEach((row, i) => {
    for (const [index, value] of row) x[i * d + index - 1] = value;
  });
  return finished(name, labels.length, d, x, labels, []);
}

async function readTable(flags: DataFlags, text: string, name: string, featurize: Featurize): Promise<DataSet> {
  const rows = tableRows(text, name, flags.data);
  const width = rows[0]?.length ?? 0;
  const names = flags.header
    ? (rows.shift() ?? []).map((title) => title.trim())
    : Array.from({ length: width }, (_, j) => String(j));
  if (rows.length === 0) throw new UsageError(`--data: ${flags.data} has no rows.`);
  const target = columnOf("--target", flags.target, names);
  const labels = rows.map((row) => row[target].trim());
  if (flags.text !== undefined) {
    const column = columnOf("--text", flags.text, names);
    const { x, d, note } = await featurize(rows.map((row) => row[column]));
    const { y, classes } = numberClasses(labels);
    return { name, n: rows.length, d, x, y, classes, notes: [note] };
  }
  const notes: string[] = [];
  const columns = names.flatMap((title, j) => (j === target ? [] : columnValues(rows, j, title, notes)));
  const x = new Float32Array(rows.length * columns.length);
  columns.forEach((values, j) => {
    for (let i = 0; i < rows.length; i++) x[i * columns.length + j] = values[i];
  });
  return finished(name, rows.length, columns.length, x, labels, notes);
}

export function tableRows(text: string, name: string, path: string): string[][] {
  try {
    return parse(text, {
      bom: true,
      delimiter: /\.tsv$/i.test(name) ? "\t" : ",",
      skip_empty_lines: true,
    }) as string[][];
  } catch (error) {
    throw new UsageError(`--data: ${path}: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

export function columnOf(option: string, given: string | undefined, names: readonly string[]): number {
  if (given === undefined)
    throw new UsageError(`${option} takes a column; this file has: ${names.slice(0, 20).join(", ")}.`);
  const byName = names.indexOf(given);
  if (byName >= 0) return byName;
  if (/^-?\d+$/.test(given)) return columnNumber(given, names.length);
  throw new UsageError(`${option}: no column "${given}"; this file has: ${names.slice(0, 20).join(", ")}.`);
}

/** A column by number from 0, or from the end when negative. */
function columnNumber(given: string, width: number): number {
  const number = Number(given);
  const column = number < 0 ? width + number : number;
  if (Number.isInteger(column) && column >= 0 && column < width) return column;
  throw new UsageError(`--target: no column ${given}; there are ${width}, numbered from 0.`);
}

/** A numeric column as it is (empty entries NaN), a column of few distinct texts as 0/1 columns. */
function columnValues(rows: readonly string[][], j: number, title: string, notes: string[]): Float64Array[] {
  const texts = rows.map((row) => row[j].trim());
  const isMissing = (text: string) => text === "" || text === "?" || text === "NA";
  const numbers = Float64Array.from(texts, (text) => (isMissing(text) ? Number.NaN : Number(text)));
  if (texts.every((text, i) => isMissing(text) || Number.isFinite(numbers[i]))) return [numbers];
  const distinct = [...new Set(texts)].sort();
  if (distinct.length > CATEGORIES_MAX) {
    throw new UsageError(
      `--data: column "${title}" holds ${distinct.length} distinct texts; up to ${CATEGORIES_MAX} become categories. Name it with --text or remove it.`,
    );
  }
  notes.push(`Column "${title}" became ${distinct.length} 0/1 columns.`);
  return distinct.map((word) => Float64Array.from(texts, (text) => (text === word ? 1 : 0)));
}

function finished(
  name: string,
  n: number,
  d: number,
  x: Float32Array,
  labels: readonly string[],
  notes: string[],
): DataSet {
  if (n === 0 || d === 0)
    throw new UsageError(`--data: ${name} has ${n} rows of ${d} features; at least one of each is needed.`);
  const { constant, missing } = standardizeColumns(x, n, d);
  if (missing > 0) notes.push(`${missing} missing values were replaced by their column's mean.`);
  if (constant > 0) notes.push(`${constant} constant columns carry nothing.`);
  const { y, classes } = numberClasses(labels);
  if (classes.length < 2) throw new UsageError(`--data: ${name} has only one class, "${classes[0]}".`);
  return { name, n, d, x, y, classes, notes };
}
