import { readFile } from "node:fs/promises";
import type { Estimate } from "@/strategies";
import { confusionMatrix, estimateAccuracy, estimateMacroF1, macroF1 } from "@/strategies";
import { decodeArrayFile } from "../arrayFile";
import type { MeasuredValue, MeasuredVersion, MeasurePayload, MeasureResult } from "../protocol";
import type { TaskContext } from "../taskContext";

/** Resamples of the bootstrap: enough for a 95 % interval that moves by less than its width's tenth between seeds. */
const REPLICATES = 500;

/** Accuracy and macro-F1 of several versions on one sample. */
export async function measure(context: TaskContext, payload: MeasurePayload): Promise<MeasureResult> {
  const sample = decodeArrayFile(new Uint8Array(await readFile(payload.samplePath)), payload.samplePath);
  const truth = sample.i32("truth");
  const versions = payload.versions.map((version, i) => {
    context.progress(i, payload.versions.length);
    return measureVersion(payload, version, truth, sample.i32(`predicted-${version}`));
  });
  return { versions };
}

/** @param predicted −1 for rows that are not in this version's sample. */
function measureVersion(
  payload: MeasurePayload,
  version: number,
  truth: Int32Array,
  predicted: Int32Array,
): MeasuredVersion {
  const { nClasses, level, seed } = payload;
  const inSample = truth.map((_, i) => i).filter((i) => predicted[i] >= 0);
  const pairs = { truth: inSample.map((i) => truth[i]), predicted: inSample.map((i) => predicted[i]) };
  const n = inSample.length;
  const correct = pairs.truth.reduce((sum, c, i) => sum + (c === pairs.predicted[i] ? 1 : 0), 0);
  if (n === 0) return { version, n, accuracy: null, macroF1: null };
  if (payload.isExact) {
    const value = macroF1(confusionMatrix(pairs.truth, pairs.predicted, nClasses), nClasses);
    const exact = (v: number) => ({ value: v, low: null, high: null });
    return { version, n, accuracy: exact(correct / n), macroF1: value === null ? null : exact(value) };
  }
  const accuracy = estimateAccuracy({ correct, n, level, method: "wilson" });
  // The same resamples for every version: differences between versions are then not noise of the bootstrap.
  const f1 = estimateMacroF1({ ...pairs, nClasses, level, replicates: REPLICATES, seed });
  return { version, n, accuracy: measuredValue(accuracy), macroF1: measuredValue(f1) };
}

function measuredValue({ value, interval }: Estimate): MeasuredValue | null {
  return value === null ? null : { value, low: interval?.low ?? null, high: interval?.high ?? null };
}
