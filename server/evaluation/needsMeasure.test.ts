import { describe, expect, it } from "vitest";
import { needsMeasure } from "./needsMeasure";

const newest = { place: 0, isActive: false };
const old = { place: 50, isActive: false };
const seqs = (n: number, from = 1) => Array.from({ length: n }, (_, i) => from + i);

describe("needsMeasure", () => {
  it("measures a version once there is an audit, and not before", () => {
    expect(needsMeasure(newest, undefined, [])).toBe(false);
    expect(needsMeasure(old, undefined, [7])).toBe(true);
  });

  it("measures new versions and the active one again with every change of the sample", () => {
    const last = { n: 100, labelSeq: 100 };
    expect(needsMeasure(newest, last, seqs(100))).toBe(false);
    expect(needsMeasure(newest, last, seqs(101))).toBe(true);
    expect(needsMeasure({ place: 50, isActive: true }, last, seqs(101))).toBe(true);
    // One label was withdrawn.
    expect(needsMeasure(newest, last, seqs(99))).toBe(true);
  });

  it("measures old versions again once a tenth of their sample is new", () => {
    const last = { n: 100, labelSeq: 100 };
    expect(needsMeasure(old, last, seqs(105))).toBe(false);
    expect(needsMeasure(old, last, seqs(112))).toBe(true);
    // The window moved on: as many graduated as came.
    expect(needsMeasure(old, last, seqs(100, 21))).toBe(true);
  });
});
