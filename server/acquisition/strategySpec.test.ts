import { describe, expect, it } from "vitest";
import { projectStrategy } from "@/contracts/project";
import { planRound } from "./strategySpec";

const STRATEGY = projectStrategy.parse({
  main: { id: "margin" },
  coldStart: { id: "typiclust" },
  minLabels: 50,
  minClasses: 2,
});
const ENOUGH = { nLabelled: 60, nClassesLabelled: 5 };
const ALL = { embeddings: true, probabilities: true, head: false };

describe("planRound", () => {
  it("asks for the arrays of the branch that will run, and no others", () => {
    expect(planRound(STRATEGY, { ...ENOUGH, available: ALL }).arrays).toEqual(["probabilities"]);
    const cold = planRound(STRATEGY, { ...ENOUGH, nLabelled: 49, available: ALL });
    expect(cold.arrays).toContain("embeddings");
    expect(cold.arrays).not.toContain("probabilities");
    expect(planRound(STRATEGY, { ...ENOUGH, nClassesLabelled: 1, available: ALL }).arrays).toContain("embeddings");
  });

  it("falls back to cold start, with its arrays, while there is no model", () => {
    const plan = planRound(STRATEGY, { ...ENOUGH, available: { embeddings: true, probabilities: false, head: false } });
    expect(plan.arrays).toContain("embeddings");
    expect(plan.isColdStartReplaced).toBe(false);
  });

  it("draws at random, and says so, while cold start lacks its vectors", () => {
    const nothing = { embeddings: false, probabilities: false, head: false };
    const plan = planRound(STRATEGY, { nLabelled: 0, nClassesLabelled: 0, available: nothing });
    expect(plan).toMatchObject({ arrays: [], isColdStartReplaced: true });
    expect(JSON.stringify(plan.spec)).toContain('"before":{"op":"single","use":"random"}');
    const random = projectStrategy.parse({ main: { id: "margin" } });
    const wanted = planRound(random, { nLabelled: 0, nClassesLabelled: 0, available: nothing });
    expect(wanted.isColdStartReplaced).toBe(false);
  });

  it("does not speak of cold start where the main strategy runs without vectors", () => {
    const plan = planRound(STRATEGY, { ...ENOUGH, available: { embeddings: false, probabilities: true, head: false } });
    expect(plan).toMatchObject({ arrays: ["probabilities"], isColdStartReplaced: false });
  });

  it("mixes in audits from a frame of constant size, and none where the share is 0", () => {
    const audited = planRound(STRATEGY, { ...ENOUGH, available: ALL }).spec;
    expect(audited).toMatchObject({ op: "mix", audit: { share: 0.1, frameShare: 0.2 } });
    const bare = planRound({ ...STRATEGY, auditShare: 0 }, { ...ENOUGH, available: ALL }).spec;
    expect(bare).not.toHaveProperty("audit");
  });
});
