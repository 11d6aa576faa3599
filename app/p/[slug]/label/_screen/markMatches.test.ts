import { describe, expect, it } from "vitest";
import { countMatches, markMatches } from "./markMatches";

describe("markMatches", () => {
  it("marks every occurrence in any case and leaves the rest as it was", () => {
    const tree = {
      type: "root",
      children: [{ type: "element", tagName: "p", children: [{ type: "text", value: "Spam is SPAM, not ham." }] }],
    };
    markMatches("spam")()(tree);
    const flat = JSON.stringify(
      tree.children[0].children.map((n: { type: string; value?: string }) => n.value ?? "mark"),
    );
    expect(flat).toBe('["mark"," is ","mark",", not ham."]');
  });

  it("changes nothing for an empty search, and for text whose lower case has another length", () => {
    const tree = { type: "root", children: [{ type: "text", value: "İstanbul" }] };
    markMatches("  ")()(tree);
    markMatches("stan")()(tree);
    expect(tree.children).toEqual([{ type: "text", value: "İstanbul" }]);
  });

  it("counts what it marks", () => {
    expect(countMatches("Spam is spam", "SPAM")).toBe(2);
    expect(countMatches("anything", "")).toBe(0);
  });
});
