import { expect, test } from "vitest";
import { wordMainProgress } from "./wordMainProgress";

const reached = { nTraining: 50, minLabels: 50, nClasses: 2, minClasses: 2 };

test("says how many training labels are there and how many are missing", () => {
  expect(wordMainProgress({ ...reached, nTraining: 47 }, "Entropy")).toBe(
    "47 of 50 training labels, 3 more until Entropy.",
  );
  expect(wordMainProgress({ ...reached, nClasses: 1 }, "Entropy")).toBe(
    "Labels of 1 of 2 classes, 1 more until Entropy.",
  );
  expect(wordMainProgress(reached, "Entropy")).toBeNull();
});
