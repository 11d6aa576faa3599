import type { TextHasher } from "./textHasher";

/** What of a hashed text has a column, and with which weight. Filled by {@link weighTerms}; entries beyond `size` are stale. */
export interface WeightedTerms {
  columns: Int32Array;
  values: Float32Array;
  size: number;
}

export function createWeightedTerms(): WeightedTerms {
  return { columns: new Int32Array(1024), values: new Float32Array(1024), size: 0 };
}

/**
 * TF-IDF of the hasher's last text: (1 + ln count)·idf, words and character n-grams each scaled to length 1, then the
 * whole to length 1, so that neither kind drowns the other. A text without known terms gives none.
 *
 * @param columnOf column of every bucket, −1 for none.
 */
export function weighTerms(hasher: TextHasher, columnOf: Int32Array, idf: Float32Array, terms: WeightedTerms): void {
  const { buckets, counts, size, wordSize } = hasher;
  if (terms.columns.length < size) {
    terms.columns = new Int32Array(2 * size);
    terms.values = new Float32Array(2 * size);
  }
  const { columns, values } = terms;
  let n = 0;
  let wordSquares = 0;
  for (let i = 0; i < wordSize; i++) {
    const column = columnOf[buckets[i]];
    if (column < 0) continue;
    const value = (counts[i] === 1 ? 1 : 1 + Math.log(counts[i])) * idf[column];
    columns[n] = column;
    values[n++] = value;
    wordSquares += value * value;
  }
  const nWords = n;
  let characterSquares = 0;
  for (let i = wordSize; i < size; i++) {
    const column = columnOf[buckets[i]];
    if (column < 0) continue;
    const value = (counts[i] === 1 ? 1 : 1 + Math.log(counts[i])) * idf[column];
    columns[n] = column;
    values[n++] = value;
    characterSquares += value * value;
  }
  const nKinds = (wordSquares > 0 ? 1 : 0) + (characterSquares > 0 ? 1 : 0);
  const wordScale = wordSquares > 0 ? 1 / Math.sqrt(wordSquares * nKinds) : 0;
  const characterScale = characterSquares > 0 ? 1 / Math.sqrt(characterSquares * nKinds) : 0;
  for (let i = 0; i < nWords; i++) values[i] *= wordScale;
  for (let i = nWords; i < n; i++) values[i] *= characterScale;
  terms.size = n;
}
