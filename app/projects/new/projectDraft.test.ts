import { describe, expect, it } from "vitest";
import { createProjectInput } from "@/contracts/project";
import type { ProjectDraft } from "./projectDraft";
import { checkDraft, EMPTY_DRAFT, slugOf, toInput } from "./projectDraft";

const GOOD: ProjectDraft = {
  ...EMPTY_DRAFT,
  name: "Support mail",
  taskType: "choice",
  taskConfig: {
    schemaVersion: 1,
    labels: [
      { id: "a", title: "A" },
      { id: "b", title: "B" },
    ],
  },
};

describe("projectDraft", () => {
  it.each([
    ["Kund:innen-Post 2026", "kund-innen-post-2026"],
    ["  Ärzte & Pflege  ", "arzte-pflege"],
    ["日本語", ""],
    ["x".repeat(80), "x".repeat(64)],
    [`${"x".repeat(63)}- y`, "x".repeat(63)],
  ])("makes of %j the address %j", (name, slug) => {
    expect(slugOf(name)).toBe(slug);
    if (slug !== "") expect(createProjectInput.shape.slug.safeParse(slug).success).toBe(true);
  });

  it("finds nothing wrong with a good draft and sends what the server takes", () => {
    expect(checkDraft(GOOD)).toEqual({});
    expect(createProjectInput.safeParse(toInput(GOOD)).success).toBe(true);
    expect(toInput(GOOD)).not.toHaveProperty("strategy");
    expect(toInput(GOOD)).not.toHaveProperty("slug");
  });

  it("sends the audit share with a chosen strategy", () => {
    const input = toInput({ ...GOOD, strategyId: "margin", auditPercent: 25 });
    expect(input.strategy).toEqual({ main: { id: "margin" }, auditShare: 0.25 });
  });

  it("names what is wrong at its field", () => {
    const config = {
      schemaVersion: 1,
      labels: [
        { id: "a", title: "A", hotkey: "s" },
        { id: "b", title: "B" },
      ],
    };
    const problems = checkDraft({ ...GOOD, name: " ", slug: "-no-", taskConfig: config });
    expect(Object.keys(problems).sort()).toEqual(["name", "slug", "taskConfig"]);
  });
});
