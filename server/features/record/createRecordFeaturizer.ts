import type { Featurizer } from "../featurizer";
import type { StoredItem } from "../itemFile";
import type { FieldValue, RecordParameters } from "./recordParameters";
import { categoryOf, numberOf, recordDim } from "./recordParameters";

const BATCH_ITEMS = 4_096;
/** Standardised numbers are cut to ±8, so that one absurd value cannot dominate distances and gradients. */
const NUMBER_MAX = 8;

/**
 * Records as numbers: per numeric column its standardised value (0 when missing) and whether it is missing; per
 * categorical column a one among its categories, "other" and "missing".
 */
export function createRecordFeaturizer(parameters: RecordParameters): Featurizer {
  const dim = recordDim(parameters);
  const places = parameters.categorical.map((column) => ({
    name: column.name,
    placeOf: new Map(column.values.map((value, i) => [value, i])),
    width: column.values.length + 2,
  }));
  const writeRecord = (fields: Record<string, FieldValue>, out: Float32Array, at: number): void => {
    let place = at;
    for (const { name, center, scale } of parameters.numeric) {
      const value = Object.hasOwn(fields, name) ? numberOf(fields[name]) : undefined;
      if (value === undefined) out[place + 1] = 1;
      else out[place] = Math.max(-NUMBER_MAX, Math.min(NUMBER_MAX, (value - center) / scale));
      place += 2;
    }
    for (const { name, placeOf, width } of places) {
      const category = Object.hasOwn(fields, name) ? categoryOf(fields[name]) : undefined;
      const within = category === undefined ? width - 1 : (placeOf.get(category) ?? width - 2);
      out[place + within] = 1;
      place += width;
    }
  };
  return {
    dim,
    batchItems: BATCH_ITEMS,
    transform(items: readonly StoredItem[], out: Float32Array): void {
      items.forEach(({ text }, i) => {
        writeRecord(JSON.parse(text) as Record<string, FieldValue>, out, i * dim);
      });
    },
  };
}
