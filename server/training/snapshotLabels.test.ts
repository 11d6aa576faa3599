import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choice } from "@/task-types/choice";
import { AUDIT_WINDOW, decodeTrainSet, encodeTrainSet, hashTrainSet, snapshotLabels } from "./snapshotLabels";
import type { EffectiveLabelRow } from "./training.db";

const config = { schemaVersion: 1 as const, labels: ["a", "b", "c"].map((id) => ({ id, title: id })) };
const taskType = choice as unknown as Parameters<typeof snapshotLabels>[0];

let seq = 0;
function label(row: number, choiceId: string, over: Partial<EffectiveLabelRow> = {}): EffectiveLabelRow {
  seq++;
  return { row, seq, value: { choice: choiceId }, purpose: "train", original: row, ...over };
}
const snapshot = (labels: EffectiveLabelRow[]) => snapshotLabels(taskType, config, labels);

describe("snapshotLabels", () => {
  it("gives each item one class: the majority, ties by the first opinion", () => {
    const { training } = snapshot([label(1, "a"), label(1, "b"), label(1, "b"), label(2, "c"), label(2, "a")]);
    expect(training).toEqual([
      { row: 1, classIndex: 1 },
      { row: 2, classIndex: 2 },
    ]);
  });

  it("keeps audit items out of training while they serve", () => {
    const { training, serving } = snapshot([label(1, "a"), label(2, "b", { purpose: "audit" })]);
    expect(training).toEqual([{ row: 1, classIndex: 0 }]);
    expect(serving).toMatchObject([{ row: 2, classIndex: 1 }]);
  });

  it("keeps every item with the content of a serving audit out of training", () => {
    const { training } = snapshot([
      label(1, "a"),
      label(2, "b", { purpose: "audit" }),
      label(7, "b", { original: 2 }),
      label(8, "c"),
    ]);
    expect(training.map((item) => item.row)).toEqual([1, 8]);
  });

  it("lets the oldest audits graduate once more than the window are answered", () => {
    const audits = Array.from({ length: AUDIT_WINDOW + 3 }, (_, i) => label(i, "a", { purpose: "audit" }));
    const { training, serving } = snapshot(audits);
    expect(training.map((item) => item.row)).toEqual([0, 1, 2]);
    expect(serving).toHaveLength(AUDIT_WINDOW);
  });

  it("never trains on test labels, and leaves out answers that name no class any more", () => {
    const result = snapshot([label(1, "a", { purpose: "test" }), label(2, "gone"), label(3, "c")]);
    expect(result.training).toEqual([{ row: 3, classIndex: 2 }]);
    expect(result.nUntrainable).toBe(1);
  });

  it("never has an item in training whose content serves, whatever the labels", () => {
    const one = fc.record({
      row: fc.nat(30),
      choiceId: fc.constantFrom("a", "b", "c"),
      purpose: fc.constantFrom("train", "audit", "relabel", "test"),
      copyOf: fc.option(fc.nat(5)),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 60 }), (list) => {
        const originals = new Map(list.map(({ row, copyOf }) => [row, copyOf === null ? row : copyOf]));
        const labels = list
          .map(({ row, choiceId, purpose }) => label(row, choiceId, { purpose, original: originals.get(row) ?? row }))
          .sort((a, b) => a.row - b.row || a.seq - b.seq);
        const { training, serving } = snapshot(labels);
        const contents = new Set(serving.map(({ row }) => originals.get(row)));
        expect(training.filter(({ row }) => contents.has(originals.get(row)))).toEqual([]);
        expect(training.map(({ row }) => row)).toEqual(
          [...new Set(training.map(({ row }) => row))].sort((x, y) => x - y),
        );
      }),
      { seed: 4 },
    );
  });
});

describe("the training set", () => {
  it("survives storage, and its hash changes with rows, classes, features and labels", () => {
    const items = [
      { row: 3, classIndex: 1 },
      { row: 9, classIndex: 0 },
    ];
    const bytes = encodeTrainSet(items);
    const { rows, classes } = decodeTrainSet(bytes);
    expect([[...rows], [...classes]]).toEqual([
      [3, 9],
      [1, 0],
    ]);
    const hash = hashTrainSet(1, ["a", "b"], bytes);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(hashTrainSet(1, ["a", "b"], encodeTrainSet(items))).toBe(hash);
    const others = [
      hashTrainSet(2, ["a", "b"], bytes),
      hashTrainSet(1, ["a", "c"], bytes),
      hashTrainSet(1, ["a", "b"], encodeTrainSet(items.slice(1))),
      hashTrainSet(1, ["a", "b"], encodeTrainSet([{ row: 3, classIndex: 0 }, items[1]])),
    ];
    expect(new Set([hash, ...others]).size).toBe(5);
  });
});
