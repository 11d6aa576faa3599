import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeItems, makeMember, makeProject, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import {
  forgetLabelTallies,
  readAnnotators,
  readClassBalance,
  readLearningCurve,
  readOverview,
  readRounds,
  readThroughput,
} from ".";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext({ now: "2026-03-01T12:00:00Z" });
});
afterAll(() => context.cleanup());
beforeEach(() => forgetLabelTallies());

interface Event {
  kind?: "label" | "skip" | "retract";
  row?: number;
  annotator: string;
  choice?: string;
  supersedes?: number;
  purpose?: string;
  at?: string;
  elapsedMs?: number;
  shown?: boolean;
  suggested?: string;
}

let seqOf: Map<number, number>;
beforeEach(() => {
  seqOf = new Map();
});

async function annotate(projectId: number, events: Event[]): Promise<void> {
  for (const event of events) {
    const seq = (seqOf.get(projectId) ?? 0) + 1;
    seqOf.set(projectId, seq);
    const { kind = "label", row = 0, choice = "yes" } = event;
    await context.db.query(
      `insert into annotation (project_id, seq, kind, row, submission_id, annotator_id, source, value, supersedes, purpose, elapsed_ms, suggestion_shown, suggested_value, at)
       values ($1,$2,$3,$4,$5,$6,'human',$7,$8,$9,$10,$11,$12,$13)`,
      [
        projectId,
        seq,
        kind,
        row,
        randomUUID(),
        event.annotator,
        kind === "label" ? JSON.stringify({ choice }) : null,
        event.supersedes ?? null,
        event.purpose ?? "train",
        event.elapsedMs ?? null,
        event.shown ?? false,
        event.suggested ? JSON.stringify({ choice: event.suggested }) : null,
        event.at ?? "2026-03-01T11:50:00Z",
      ],
    );
  }
}

describe("readClassBalance", () => {
  it("counts effective labels, takes withdrawn ones back, and goes on from what it has counted", async () => {
    const { id, lead } = await makeProject(context.db, { labels: ["yes", "no"] });
    await makeItems(context.db, id, 4);
    await annotate(id, [
      { annotator: lead.id, row: 0, choice: "yes" },
      { annotator: lead.id, row: 1, choice: "no", purpose: "audit" },
    ]);
    expect((await readClassBalance(context.db, id)).map((r) => r.labels)).toEqual([1, 1]);
    await annotate(id, [
      { annotator: lead.id, kind: "retract", row: 0, supersedes: 1 },
      { annotator: lead.id, row: 0, choice: "no" },
    ]);
    const rows = await readClassBalance(context.db, id);
    expect(rows.map((r) => [r.label, r.labels, r.share])).toEqual([
      ["yes", 0, 0],
      ["no", 2, 1],
    ]);
    expect(rows[1].auditShare).toMatchObject({ value: 1, n: 1, sample: "audit" });
  });
});

describe("readAnnotators", () => {
  it("shows pace, undone labels, accepted suggestions and agreement on shared items", async () => {
    const { id, lead } = await makeProject(context.db, { overlap: 2 });
    const other = await makeUser(context.db, { name: "Other" });
    await makeMember(context.db, id, other.id, "annotator");
    await makeItems(context.db, id, 3);
    await context.db.query("update item set n_labels = 2 where project_id = $1 and row in (0, 1)", [id]);
    await annotate(id, [
      { annotator: lead.id, row: 0, choice: "yes", elapsedMs: 1000, shown: true, suggested: "yes" },
      { annotator: other.id, row: 0, choice: "yes", elapsedMs: 3000 },
      { annotator: lead.id, row: 1, choice: "yes", elapsedMs: 2000, shown: true, suggested: "no" },
      { annotator: other.id, row: 1, choice: "no", elapsedMs: 5000 },
      { annotator: other.id, row: 2, kind: "skip" },
    ]);
    const rows = await readAnnotators(context, id);
    const mine = rows.find((r) => r.userId === lead.id);
    const theirs = rows.find((r) => r.userId === other.id);
    expect(mine).toMatchObject({ labels: 2, skips: 0, medianSeconds: 1.5 });
    expect(mine?.acceptedSuggestions).toMatchObject({ value: 0.5, n: 2 });
    expect(mine?.agreement).toMatchObject({ value: 0.5, n: 2 });
    expect(theirs).toMatchObject({ labels: 2, skips: 1, medianSeconds: 4, name: "Other" });
  });
});

describe("readThroughput", () => {
  it("fills empty buckets with zeros and puts labels where they belong", async () => {
    const { id, lead } = await makeProject(context.db);
    await makeItems(context.db, id, 3);
    await annotate(id, [
      { annotator: lead.id, row: 0, at: "2026-03-01T11:31:10Z" },
      { annotator: lead.id, row: 1, at: "2026-03-01T11:31:50Z" },
      { annotator: lead.id, row: 2, kind: "skip", at: "2026-03-01T11:59:00Z" },
    ]);
    const view = await readThroughput(context, id, 1);
    expect(view.bucketSeconds).toBe(60);
    expect(view.points).toHaveLength(61);
    expect(view.points.find((p) => p.at === "2026-03-01T11:31:00.000Z")).toMatchObject({ labels: 2, annotators: 1 });
    expect(view.points.reduce((sum, p) => sum + p.labels + p.skips, 0)).toBe(3);
  });
});

describe("readLearningCurve", () => {
  it("takes the newest measurement of each version and orders by training labels", async () => {
    const { id } = await makeProject(context.db);
    const point = (version: number, nTrain: number, value: number) =>
      context.db.query(
        `insert into metric_point (project_id, model_version, metric, sample, value, lower, upper, level, n, method, n_train, label_seq, at)
         values ($1,$2,'accuracy','audit',$3,$3,$3,0.95,10,'Wilson score interval',$4,1,now())`,
        [id, version, value, nTrain],
      );
    await point(1, 50, 0.5);
    await point(2, 100, 0.7);
    await point(1, 50, 0.55);
    const [series] = await readLearningCurve(context.db, [id], "accuracy");
    expect(series.points.map((p) => [p.nTrain, p.value])).toEqual([
      [50, 0.55],
      [100, 0.7],
    ]);
    expect(series).toMatchObject({ sample: "audit", strategy: "margin" });
  });
});

describe("withdrawn labels", () => {
  it("count nowhere: a label undone three times leaves all at zero", async () => {
    const { id, lead } = await makeProject(context.db);
    await makeItems(context.db, id, 1);
    for (let n = 0; n < 3; n++) {
      await annotate(id, [
        { annotator: lead.id, row: 0 },
        { annotator: lead.id, row: 0, kind: "retract", supersedes: 2 * n + 1 },
      ]);
    }
    expect(await readOverview(context, id)).toMatchObject({ labelsToday: 0, labelsLastHour: 0, hoursLeft: null });
    expect(await readAnnotators(context, id)).toMatchObject([{ userId: lead.id, labels: 0, skips: 0, undone: 3 }]);
    const { points } = await readThroughput(context, id, 1);
    expect(points.reduce((sum, point) => sum + point.labels, 0)).toBe(0);
    await annotate(id, [{ annotator: lead.id, row: 0 }]);
    expect(await readOverview(context, id)).toMatchObject({ labelsToday: 1, labelsLastHour: 1 });
  });
});

describe("readOverview", () => {
  it("says what is missing on an empty project and warns of an empty queue once there are items", async () => {
    const { id } = await makeProject(context.db);
    const empty = await readOverview(context, id);
    expect(empty).toMatchObject({ nItems: 0, accuracy: null, model: null, hoursLeft: null, warnings: [] });
    await makeItems(context.db, id, 5);
    expect((await readOverview(context, id)).warnings.map((w) => w.code)).toEqual(["emptyQueue"]);
    expect(await readRounds(context.db, id, { limit: 10 })).toEqual({ rows: [], nextCursor: null });
  });
});
