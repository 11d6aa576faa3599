/** Hard predictions of frozen models: item i, model j at i · nModels + j. */
export interface PredictionMatrix {
  readonly values: Uint8Array | Uint16Array;
  readonly nItems: number;
  readonly nModels: number;
  /** Classes of the labels, also those that nobody predicts: each weighs 1/nClasses. */
  readonly nClasses: number;
  /** Value of an abstention or missing prediction: it never agrees with a label. */
  readonly missing: number;
}

const MODELS_MAX = 65_535;
const SMALL_CLASSES_MAX = 254;
const CLASSES_MAX = 65_534;

/**
 * Checks predictions and packs them, one byte each for up to 254 classes and two beyond.
 *
 * @param values nItems × nModels, class numbers 0 … nClasses − 1, or −1 for a model that said nothing.
 * @throws RangeError naming the item and model whose prediction is no class, such as ids that start at 1.
 */
export function predictionMatrix(
  values: ArrayLike<number>,
  nItems: number,
  nModels: number,
  nClasses: number,
): PredictionMatrix {
  if (!(Number.isInteger(nClasses) && nClasses >= 2 && nClasses <= CLASSES_MAX)) {
    throw new RangeError(`predictionMatrix: 2 to ${CLASSES_MAX} classes were expected, got ${nClasses}.`);
  }
  if (!(Number.isInteger(nModels) && nModels >= 1 && nModels <= MODELS_MAX)) {
    throw new RangeError(`predictionMatrix: 1 to ${MODELS_MAX} models were expected, got ${nModels}.`);
  }
  if (values.length !== nItems * nModels) {
    throw new RangeError(`predictionMatrix: ${values.length} predictions for ${nItems} items and ${nModels} models.`);
  }
  const packed = nClasses <= SMALL_CLASSES_MAX ? new Uint8Array(values.length) : new Uint16Array(values.length);
  const missing = nClasses <= SMALL_CLASSES_MAX ? 0xff : 0xffff;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value === -1) packed[at] = missing;
    else if (Number.isInteger(value) && value >= 0 && value < nClasses) packed[at] = value;
    else {
      const place = `item ${Math.floor(at / nModels)}, model ${at % nModels}`;
      throw new RangeError(
        `predictionMatrix: ${place} predicts ${value}; class numbers 0 … ${nClasses - 1}, or −1 for no prediction, were expected.`,
      );
    }
  }
  return { values: packed, nItems, nModels, nClasses, missing };
}

/** The columns of some models, in the order given. */
export function withModels(matrix: PredictionMatrix, models: ArrayLike<number>): PredictionMatrix {
  const { values, nItems, nModels } = matrix;
  const k = models.length;
  const packed = values instanceof Uint8Array ? new Uint8Array(nItems * k) : new Uint16Array(nItems * k);
  for (let i = 0; i < nItems; i++) for (let j = 0; j < k; j++) packed[i * k + j] = values[i * nModels + models[j]];
  return { ...matrix, values: packed, nModels: k };
}

/** Votes per class of every item, nItems × nClasses; abstentions count for none. */
export function voteCounts({ values, nItems, nModels, nClasses }: PredictionMatrix): Uint32Array {
  const counts = new Uint32Array(nItems * nClasses);
  for (let i = 0; i < nItems; i++) {
    for (let j = 0; j < nModels; j++) {
      const vote = values[i * nModels + j];
      if (vote < nClasses) counts[i * nClasses + vote]++;
    }
  }
  return counts;
}

/** The class with most votes of every item; ties go to the lowest class. The pseudo-labels of the ε tuning. */
export function majorityVotes(matrix: PredictionMatrix): Int32Array {
  const { nItems, nClasses } = matrix;
  const counts = voteCounts(matrix);
  const labels = new Int32Array(nItems);
  for (let i = 0; i < nItems; i++) {
    for (let c = 1; c < nClasses; c++) if (counts[i * nClasses + c] > counts[i * nClasses + labels[i]]) labels[i] = c;
  }
  return labels;
}

/** Correct predictions per model over the items given; an abstention is not correct. */
export function correctCounts(
  matrix: PredictionMatrix,
  labels: ArrayLike<number>,
  items: ArrayLike<number>,
): Int32Array {
  const { values, nModels } = matrix;
  const counts = new Int32Array(nModels);
  for (let k = 0; k < items.length; k++) {
    const i = items[k];
    for (let j = 0; j < nModels; j++) if (values[i * nModels + j] === labels[i]) counts[j]++;
  }
  return counts;
}
