import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { balancedAccuracy, classScores, confusionMatrix } from "./classificationScores";
import { meanAveragePrecision, multiLabelScores } from "./multiLabelScores";

const { multi_class, multi_label } = JSON.parse(
  readFileSync(new URL("../../../test/golden/classification/metrics.json", import.meta.url), "utf8"),
);

describe("scores as the TAILOR repository computes them", () => {
  test("recall per class; the mean leaves absent classes out, which the released one counts as 0", () => {
    const predicted = multi_class.probs.map((row: number[]) => row.indexOf(Math.max(...row)));
    const confusion = confusionMatrix(multi_class.labels, predicted, multi_class.n_class);
    const recalls = classScores(confusion, multi_class.n_class).map((score) => score.recall ?? 0);
    recalls.forEach((recall, k) => {
      expect(recall).toBeCloseTo(multi_class.per_class_recall_absent_class_counts_as_zero[k], 12);
    });
    const mean = recalls.reduce((sum, recall) => sum + recall, 0) / multi_class.n_class;
    expect(mean).toBeCloseTo(multi_class.balanced_accuracy_author, 12);
    expect(balancedAccuracy(confusion, multi_class.n_class)).toBeCloseTo(
      multi_class.balanced_accuracy_present_classes_only,
      12,
    );
  });

  test("average precision per class and its mean", () => {
    const { scores, labels } = multi_label;
    const nClasses = scores[0].length;
    const found = meanAveragePrecision(scores.flat(), labels.flat(), nClasses);
    found.perClass.forEach((value, k) => {
      expect(value ?? 0).toBeCloseTo(multi_label.average_precision_absent_class_is_zero[k], 12);
    });
    expect(found.all).toBeCloseTo(multi_label.mAP, 12);
    expect(found.perClass).toContain(null);
    expect(found.present).toBeCloseTo((multi_label.mAP * nClasses) / (nClasses - 1), 12);
  });

  test("precision, recall and F1 over all entries and over classes", () => {
    const { scores, labels } = multi_label;
    const found = multiLabelScores(scores.flat(), labels.flat(), scores[0].length);
    expect(found.overall.precision).toBeCloseTo(multi_label.overall_precision, 12);
    expect(found.overall.recall).toBeCloseTo(multi_label.overall_recall, 12);
    expect(found.overall.f1).toBeCloseTo(multi_label.overall_f1, 12);
    expect(found.perClass.precision).toBeCloseTo(multi_label.class_precision, 12);
    expect(found.perClass.recall).toBeCloseTo(multi_label.class_recall, 12);
    expect(found.perClass.f1).toBeCloseTo(multi_label.class_f1, 12);
    expect(found.accuracy).toBeCloseTo(multi_label.elementwise_accuracy, 12);
  });
});

test("a class that nothing has, and no entries at all, have no precision", () => {
  expect(meanAveragePrecision([0.3, 0.4], [0, 0], 1)).toEqual({ perClass: [null], present: null, all: 0 });
  expect(multiLabelScores([], [], 3).overall).toEqual({ precision: null, recall: null, f1: null });
  expect(() => meanAveragePrecision([1], [1, 0], 1)).toThrow(RangeError);
});
