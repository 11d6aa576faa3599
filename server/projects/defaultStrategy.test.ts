import { expect, test } from "vitest";
import { getTaskType } from "@/task-types/registry";
import { defaultStrategy } from "./createProject";

test.each([
  [2, 20],
  [10, 20],
  [11, 22],
  [77, 154],
  [150, 200],
])("cold start of a project with %i classes ends after %i labels", (nClasses, minLabels) => {
  const labels = Array.from({ length: nClasses }, (_, i) => ({ id: `c${i}`, title: `c${i}` }));
  expect(defaultStrategy(getTaskType("choice"), { schemaVersion: 1, labels }).minLabels).toBe(minLabels);
});
