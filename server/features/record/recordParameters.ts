/** How the columns of a record become numbers. Learnt once on a sample, then fixed. */
export interface RecordParameters {
  numeric: NumericColumn[];
  categorical: CategoricalColumn[];
}

export interface NumericColumn {
  name: string;
  /** Median. */
  center: number;
  /** Interquartile range over 1.349, so that a normal column gets its standard deviation; never 0. */
  scale: number;
}

export interface CategoricalColumn {
  name: string;
  /** Values with a place of their own, most frequent first; then one place for all others and one for "missing". */
  values: string[];
}

/** Two places per number (value, is missing), one per category plus two per categorical column. */
export function recordDim(parameters: RecordParameters): number {
  return (
    2 * parameters.numeric.length + parameters.categorical.reduce((sum, column) => sum + column.values.length + 2, 0)
  );
}

export type FieldValue = string | number | boolean | null | undefined;

/** A number written as a number, a boolean, or text that reads as one; undefined for everything else. */
export function numberOf(value: FieldValue): number | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") {
    const text = value.trim();
    if (text === "") return undefined;
    const number = Number(text);
    return Number.isFinite(number) ? number : undefined;
  }
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A category's text; undefined for missing ones. */
export function categoryOf(value: FieldValue): string | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  return String(value);
}
