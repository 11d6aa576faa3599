import type { Kernels } from "@/strategies/kernels";
import { AppError } from "../../errors";
import { readItemFile } from "../itemFile";
import type { SparseRows } from "./sparseRows";
import type { TextHasherOptions } from "./textHasher";
import { TextHasher } from "./textHasher";
import type { TextParameters } from "./textParameters";
import { truncatedSvd } from "./truncatedSvd";
import { createWeightedTerms, weighTerms } from "./weighTerms";

/** Terms of fewer texts of the sample say nothing about other texts. */
const DOCUMENT_FREQUENCY_MIN = 2;
/** Columns kept, those of most texts first: bounds the projection to 64 Ki × dim. */
const COLUMNS_MAX = 65_536;
/** Terms of the sample held in memory (8 bytes each, twice); a sample of longer texts is cut. */
const ENTRIES_MAX = 48_000_000;

export interface LearntText {
  parameters: TextParameters;
  /** Texts the projection rests on. */
  nSample: number;
  /** Texts left out because the sample held too many terms. */
  nCut: number;
  /** Share of the squared length of the sample's vectors that the projection keeps. */
  keptShare: number;
}

/**
 * Learns document frequencies and the projection on the items of a file.
 *
 * Deterministic for a seed. Reads the file twice. @throws AppError E_PRECONDITION when no text has any term.
 */
export async function learnText(
  kernels: Kernels,
  itemsPath: string,
  options: { hasher: TextHasherOptions; dim: number; seed: string },
  progress: (done: number, total: number, message: string) => void,
): Promise<LearntText> {
  const hasher = new TextHasher(options.hasher);
  const { frequencies, nTexts, nSample, nEntries } = await countTerms(hasher, itemsPath, 2 ** options.hasher.hashBits);
  const { buckets, columnOf } = chooseColumns(frequencies);
  if (buckets.length === 0) {
    throw new AppError(
      "E_PRECONDITION",
      "No text of this project contains a letter or digit: there is nothing to learn features from.",
    );
  }
  const idf = Float32Array.from(buckets, (bucket) => Math.log((1 + nSample) / (1 + frequencies[bucket])) + 1);
  const rows = await weighSample(hasher, itemsPath, { columnOf, idf, nSample, nEntries });
  const svd = truncatedSvd(kernels, rows, options.dim, options.seed, (done, total) =>
    progress(done, total, "learning the projection"),
  );
  const kept = svd.singularValues.reduce((sum, value) => sum + value * value, 0);
  let total = 0;
  for (let p = 0; p < rows.starts[nSample]; p++) total += rows.values[p] ** 2;
  return {
    parameters: { hasher: options.hasher, dim: svd.dim, buckets, idf, directions: svd.directions },
    nSample,
    nCut: nTexts - nSample,
    keptShare: total === 0 ? 0 : kept / total,
  };
}

async function countTerms(hasher: TextHasher, itemsPath: string, nBuckets: number) {
  const frequencies = new Int32Array(nBuckets);
  let nTexts = 0;
  let nSample = 0;
  let nEntries = 0;
  for await (const batch of readItemFile(itemsPath)) {
    for (const { text } of batch) {
      nTexts++;
      if (nSample < nTexts - 1) continue;
      const size = hasher.hash(text);
      if (nEntries + size > ENTRIES_MAX) continue;
      nSample++;
      nEntries += size;
      for (let i = 0; i < size; i++) frequencies[hasher.buckets[i]]++;
    }
  }
  return { frequencies, nTexts, nSample, nEntries };
}

/** Buckets in enough texts, the most frequent ones when there are too many (ties: lowest bucket). */
function chooseColumns(frequencies: Int32Array): { buckets: Int32Array; columnOf: Int32Array } {
  const atLeast = (least: number): number[] => {
    const found: number[] = [];
    for (let b = 0; b < frequencies.length; b++) if (frequencies[b] >= least) found.push(b);
    return found;
  };
  let chosen = atLeast(DOCUMENT_FREQUENCY_MIN);
  if (chosen.length === 0) chosen = atLeast(1);
  if (chosen.length > COLUMNS_MAX) {
    chosen.sort((a, b) => frequencies[b] - frequencies[a] || a - b);
    chosen.length = COLUMNS_MAX;
    chosen.sort((a, b) => a - b);
  }
  const buckets = Int32Array.from(chosen);
  return { buckets, columnOf: columnsOf(buckets, frequencies.length) };
}

/** Column of every bucket, −1 for none. */
export function columnsOf(buckets: Int32Array, nBuckets: number): Int32Array {
  const columnOf = new Int32Array(nBuckets).fill(-1);
  buckets.forEach((bucket, column) => {
    columnOf[bucket] = column;
  });
  return columnOf;
}

async function weighSample(
  hasher: TextHasher,
  itemsPath: string,
  given: { columnOf: Int32Array; idf: Float32Array; nSample: number; nEntries: number },
): Promise<SparseRows> {
  const { columnOf, idf, nSample, nEntries } = given;
  const starts = new Int32Array(nSample + 1);
  const columns = new Int32Array(nEntries);
  const values = new Float32Array(nEntries);
  const terms = createWeightedTerms();
  let row = 0;
  for await (const batch of readItemFile(itemsPath)) {
    for (const { text } of batch) {
      if (row === nSample) break;
      hasher.hash(text);
      weighTerms(hasher, columnOf, idf, terms);
      columns.set(terms.columns.subarray(0, terms.size), starts[row]);
      values.set(terms.values.subarray(0, terms.size), starts[row]);
      starts[row + 1] = starts[row] + terms.size;
      row++;
    }
  }
  return { nRows: nSample, nColumns: idf.length, starts, columns, values };
}
