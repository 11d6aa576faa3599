/** Average precision per class and its mean, on scores and labels of n rows × nClasses, row-major. */
export interface MeanAveragePrecision {
  /** null where no row has the class. */
  readonly perClass: readonly (number | null)[];
  /** Over the classes that some row has; null when none has any. */
  readonly present: number | null;
  /** Over all classes, absent ones counting as 0: as several released codes report it. */
  readonly all: number;
}

/**
 * Average precision without interpolation: the mean, over the rows that have the class, of the precision among the rows
 * ranked no lower. Ties: lower row first.
 *
 * @param scores n × nClasses, finite.
 * @param labels n × nClasses, 1 where the class applies.
 */
export function meanAveragePrecision(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  nClasses: number,
): MeanAveragePrecision {
  checkShapes(scores, labels, nClasses);
  const n = scores.length / nClasses;
  const perClass = Array.from({ length: nClasses }, (_, k) => {
    const order = Array.from({ length: n }, (_unused, i) => i).sort(
      (a, b) => scores[b * nClasses + k] - scores[a * nClasses + k] || a - b,
    );
    let positives = 0;
    let sum = 0;
    order.forEach((row, rank) => {
      if (labels[row * nClasses + k] !== 1) return;
      positives++;
      sum += positives / (rank + 1);
    });
    return positives === 0 ? null : sum / positives;
  });
  const present = perClass.filter((value) => value !== null);
  const total = present.reduce((sum, value) => sum + value, 0);
  return {
    perClass,
    present: present.length === 0 ? null : total / present.length,
    all: nClasses === 0 ? 0 : total / nClasses,
  };
}

export interface MultiLabelScores {
  /** Over all entries at once. null where the denominator is 0. */
  readonly overall: { readonly precision: number | null; readonly recall: number | null; readonly f1: number | null };
  /** Means over the classes, a class without the denominator counting as 0; f1 is that of the two means. */
  readonly perClass: { readonly precision: number; readonly recall: number; readonly f1: number | null };
  /** Share of entries on which prediction and label agree. */
  readonly accuracy: number;
}

/** Precision, recall and F1 of predictions score > threshold on n × nClasses entries. */
export function multiLabelScores(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  nClasses: number,
  threshold = 0.5,
): MultiLabelScores {
  checkShapes(scores, labels, nClasses);
  const predicted = new Float64Array(nClasses);
  const truth = new Float64Array(nClasses);
  const correct = new Float64Array(nClasses);
  let agreeing = 0;
  for (let i = 0; i < scores.length; i++) {
    const k = i % nClasses;
    const [isPredicted, isTrue] = [scores[i] > threshold, labels[i] === 1];
    if (isPredicted) predicted[k]++;
    if (isTrue) truth[k]++;
    if (isPredicted && isTrue) correct[k]++;
    if (isPredicted === isTrue) agreeing++;
  }
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  const precision = ratio(sum(correct), sum(predicted));
  const recall = ratio(sum(correct), sum(truth));
  const mean = (of: Float64Array) => sum(of.map((count, k) => ratio(correct[k], count) ?? 0)) / Math.max(1, nClasses);
  const [meanPrecision, meanRecall] = [mean(predicted), mean(truth)];
  return {
    overall: { precision, recall, f1: harmonic(precision, recall) },
    perClass: { precision: meanPrecision, recall: meanRecall, f1: harmonic(meanPrecision, meanRecall) },
    accuracy: scores.length === 0 ? 0 : agreeing / scores.length,
  };
}

function ratio(a: number, b: number): number | null {
  return b === 0 ? null : a / b;
}

function harmonic(a: number | null, b: number | null): number | null {
  return a === null || b === null || a + b === 0 ? null : (2 * a * b) / (a + b);
}

function checkShapes(scores: ArrayLike<number>, labels: ArrayLike<number>, nClasses: number): void {
  if (scores.length === labels.length && scores.length % Math.max(1, nClasses) === 0) return;
  throw new RangeError(`Expected n × ${nClasses} scores and labels, got ${scores.length} and ${labels.length}.`);
}
