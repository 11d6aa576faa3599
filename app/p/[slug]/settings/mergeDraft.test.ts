import { describe, expect, it } from "vitest";
import type { Edits } from "./mergeDraft";
import { addEdits, mergeDraft, sameJson } from "./mergeDraft";

interface Form {
  name: string;
  overlap: number;
}
const STORED: Form = { name: "First", overlap: 1 };
const NONE: Edits<Form> = {};

describe("mergeDraft", () => {
  it("shows what is stored until somebody edits, and follows it when it changes", () => {
    expect(mergeDraft(STORED, NONE)).toEqual({ values: STORED, changes: {}, conflicts: [] });
    expect(mergeDraft({ ...STORED, name: "Second" }, NONE).values.name).toBe("Second");
  });

  it("keeps what is being typed while other fields follow the store, and sends only what was edited", () => {
    const edits = addEdits(NONE, STORED, { name: "Typing" });
    expect(mergeDraft({ ...STORED, overlap: 3 }, edits)).toEqual({
      values: { name: "Typing", overlap: 3 },
      changes: { name: "Typing" },
      conflicts: [],
    });
  });

  it("reports a field that somebody else stored meanwhile, measured from the first edit", () => {
    const first = addEdits(NONE, STORED, { name: "T" });
    const second = addEdits(first, { ...STORED, name: "Theirs" }, { name: "Ty" });
    expect(mergeDraft({ ...STORED, name: "Theirs" }, second).conflicts).toEqual(["name"]);
  });

  it("has no change and no conflict once the store says what was typed", () => {
    const edits = addEdits(NONE, STORED, { name: "Same" });
    expect(mergeDraft({ ...STORED, name: "Same" }, edits)).toMatchObject({ changes: {}, conflicts: [] });
  });
});

describe("sameJson", () => {
  it("does not mind the order of keys or absent fields, but minds values", () => {
    expect(sameJson({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1, d: undefined })).toBe(true);
    expect(sameJson({ a: 1 }, { a: 2 })).toBe(false);
    expect(sameJson([1, 2], [1])).toBe(false);
    expect(sameJson([], {})).toBe(false);
    expect(sameJson(null, {})).toBe(false);
  });
});
