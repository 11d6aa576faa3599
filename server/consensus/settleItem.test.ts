import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SettlingProject } from "./settleItem";
import { aggregateLabels, settleItem } from "./settleItem";

const project = (overlap: number): SettlingProject => ({
  taskType: "choice",
  taskConfig: { schemaVersion: 1, labels: ["a", "b", "c"].map((id) => ({ id, title: id })) },
  overlap,
});
const say = (...ids: string[]) => ids.map((choice) => ({ choice }));
const none = { nSkips: 0, isSkippedByAll: false };

describe("settleItem", () => {
  test("leaves an item open until it has as many labels as the project wants", () => {
    expect(settleItem(project(2), "open", { values: say("a"), ...none }, "skip")).toEqual({
      status: "open",
      consensus: null,
      agreement: null,
    });
    expect(settleItem(project(2), "open", { values: say("a", "a"), ...none }, "skip")).toEqual({
      status: "resolved",
      consensus: { choice: "a" },
      agreement: 1,
    });
  });

  test("has no agreement for a single opinion, and lets extra votes count", () => {
    expect(settleItem(project(1), "open", { values: say("b"), ...none }, "skip")).toMatchObject({ agreement: null });
    expect(settleItem(project(1), "resolved", { values: say("b", "a", "a"), ...none }, "skip")).toMatchObject({
      consensus: { choice: "a" },
      agreement: 1 / 3,
    });
  });

  test("gives ties to the label that came first", () => {
    expect(aggregateLabels(project(2), say("c", "a")).value).toEqual({ choice: "c" });
  });

  test("parks an item after three skips, or when everyone who could answer has skipped", () => {
    expect(settleItem(project(1), "open", { values: [], nSkips: 2, isSkippedByAll: false }, "skip").status).toBe(
      "open",
    );
    expect(settleItem(project(1), "open", { values: [], nSkips: 3, isSkippedByAll: false }, "skip").status).toBe(
      "parked",
    );
    expect(settleItem(project(1), "open", { values: [], nSkips: 1, isSkippedByAll: true }, "skip").status).toBe(
      "parked",
    );
    expect(settleItem(project(1), "parked", { values: [], nSkips: 2, isSkippedByAll: false }, "retract").status).toBe(
      "open",
    );
  });

  test("does not park an item that nobody skipped, even when nobody is left to answer", () => {
    expect(settleItem(project(2), "open", { values: say("a"), nSkips: 0, isSkippedByAll: true }, "skip").status).toBe(
      "open",
    );
  });

  test("resolves a parked item by a label and never touches an excluded one", () => {
    expect(
      settleItem(project(1), "parked", { values: say("a"), nSkips: 3, isSkippedByAll: true }, "retract").status,
    ).toBe("resolved");
    expect(settleItem(project(1), "excluded", { values: say("a"), ...none }, "skip").status).toBe("excluded");
  });

  test("leaves an item that a reviewer reopened open until it is skipped again", () => {
    const answers = { values: [], nSkips: 3, isSkippedByAll: false };
    expect(settleItem(project(2), "open", { ...answers, values: say("a") }, "label").status).toBe("open");
    expect(settleItem(project(2), "open", answers, "retract").status).toBe("open");
    expect(settleItem(project(2), "open", { ...answers, nSkips: 4 }, "skip").status).toBe("parked");
  });

  test("after a skip depends on the answers and not on how the item got there, unless it is excluded", () => {
    const answers = fc.record({
      values: fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 6 }).map((ids) => say(...ids)),
      nSkips: fc.nat(5),
      isSkippedByAll: fc.boolean(),
    });
    fc.assert(
      fc.property(answers, fc.integer({ min: 1, max: 4 }), (given, overlap) => {
        const [fromOpen, fromResolved, fromParked] = (["open", "resolved", "parked"] as const).map((before) =>
          settleItem(project(overlap), before, given, "skip"),
        );
        expect(fromResolved).toEqual(fromOpen);
        expect(fromParked).toEqual(fromOpen);
        expect(fromOpen.status === "resolved").toBe(given.values.length >= overlap);
        expect(fromOpen.consensus === null).toBe(fromOpen.status !== "resolved");
      }),
    );
  });
});
