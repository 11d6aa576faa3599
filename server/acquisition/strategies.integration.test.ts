import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { replayRound } from "@/bin/replay/replayRound";
import type { PreviewResult } from "@/contracts/acquisition";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import { readLdm, readTailor } from "@/server/dashboards";
import { loadKernels } from "@/server/models";
import { loadProject } from "@/server/projects";
import type { TailorView } from "@/strategies";
import { describeTailor } from "@/strategies";
import type { MadeProject } from "@/test/harness/factories";
import type { Example, ModelService } from "../training/test/modelService";
import { answerQueue, ask, createModelService, makeExampleProject, readExamples } from "../training/test/modelService";
import { readGuidance, readRound, readRoundManifest, requestPreview } from ".";
import { previewStrategy } from "./previewStrategy";

const FIRST_LABELS = 40;
const LABELS_A_ROUND = 15;
const ROUNDS = 3;

let service: ModelService;
let examples: Example[];
beforeAll(async () => {
  await ensureKernelsBuilt();
  service = await createModelService();
  examples = readExamples("sms-spam", 600);
}, 120_000);
afterAll(() => service.cleanup());

/** A project on text messages whose simulated people have seen several rounds of its main strategy. */
async function labelledProject(main: string, trainerSpec?: unknown): Promise<MadeProject> {
  const project = await makeExampleProject(service, examples, {
    strategy: {
      main: { id: main, options: {} },
      coldStart: { id: "random", options: {} },
      minLabels: 20,
      batchSize: 20,
      auditShare: 0.1,
    },
    seed: `strategies/${main}`,
  });
  if (trainerSpec) {
    await service.db.query("update project set trainer_spec = $2 where id = $1", [
      project.id,
      JSON.stringify(trainerSpec),
    ]);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const wanted = round === 0 ? FIRST_LABELS : LABELS_A_ROUND;
    for (let done = 0; done < wanted; done += 20) {
      await answerQueue(service, project.id, Math.min(20, wanted - done), (row) => examples[row].label);
      if (done + 20 < wanted) {
        await ask(service, "queue.refill", { projectId: project.id, trigger: "lowQueue" });
        await service.drain();
      }
    }
    await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
    await service.drain();
  }
  return project;
}

async function lastRounds(projectId: number, n: number): Promise<number[]> {
  const { rows } = await service.db.query<{ number: number }>(
    "select number from round where project_id = $1 and model_version is not null order by number desc limit $2",
    [projectId, n],
  );
  return rows.map(({ number }) => number).reverse();
}

async function expectReplayed(projectId: number, number: number): Promise<void> {
  const manifest = await readRoundManifest(service, projectId, number);
  const kernels = await loadKernels({ memoryBytes: 2 ** 29 });
  const report = await replayRound(manifest, async (key) => service.storage.get(key), kernels);
  expect(report.differences).toEqual([]);
  expect(report.isIdentical).toBe(true);
}

/** Rounds by the model came from `strategy` itself: no fallback, every pick with reasons. */
async function expectServedBy(projectId: number, number: number, strategy: string, reason: string): Promise<void> {
  const round = await readRound(service.db, projectId, number);
  expect(round.report.warnings).not.toContainEqual(expect.objectContaining({ code: "MAIN_NOT_READY" }));
  const { rows } = await service.db.query<{ strategy: string; isFallback: boolean; reason: { code: string }[] }>(
    `select strategy, is_fallback as "isFallback", reason from queue_entry
      where project_id = $1 and round = $2 and purpose = 'train'`,
    [projectId, number],
  );
  expect(rows.length).toBeGreaterThan(10);
  for (const entry of rows) {
    expect(entry).toMatchObject({ strategy, isFallback: false });
    expect(entry.reason.map(({ code }) => code)).toContain(reason);
  }
}

describe("a TAILOR project", () => {
  it("is served by TAILOR over several rounds, learns from the answers and replays", async () => {
    const project = await labelledProject("tailor");
    const rounds = await lastRounds(project.id, ROUNDS);
    expect(rounds).toHaveLength(ROUNDS);
    const views: TailorView[] = [];
    for (const number of rounds) {
      await expectServedBy(project.id, number, "tailor", "arm");
      await expectReplayed(project.id, number);
      const { report } = await readRound(service.db, project.id, number);
      const states = report.states as Record<string, never>;
      const [view] = Object.values(states)
        .map((entry) => describeTailor(entry, "single-label"))
        .filter((each) => each !== null);
      expect(view, JSON.stringify(Object.keys(states))).toBeDefined();
      views.push(view);
    }
    expect(views.map(({ round }) => round)).toEqual([1, 2, 3]);
    const credits = views.map(({ arms }) => arms.reduce((sum, arm) => sum + arm.totals.credits, 0));
    expect(credits[0]).toBe(0);
    expect(credits[1]).toBeGreaterThan(8);
    expect(credits[2]).toBeGreaterThan(credits[1]);
    expect(views[2].rounds).toHaveLength(3);

    // What people set aside as unanswerable is counted for the arm that nominated it, and not credited.
    const open = await service.db.query<{ row: number }>(
      "select row from queue_entry where project_id = $1 and state = 'open' and purpose = 'train' order by priority limit 2",
      [project.id],
    );
    const parked = open.rows.map(({ row }) => row);
    await service.db.query(
      "update item set status = 'parked', n_skips = 3 where project_id = $1 and row = any($2::int[])",
      [project.id, parked],
    );
    await ask(service, "queue.refill", { projectId: project.id, trigger: "manual" });
    await service.drain();
    const [number] = await lastRounds(project.id, 1);
    const manifest = await readRoundManifest(service, project.id, number);
    expect(manifest.arrays.skipped?.shape).toEqual([2]);
    await expectReplayed(project.id, number);
    const after = await readTailor(service.db, project.id);
    expect(after).toMatchObject({ round: number, classes: ["ham", "spam"] });
    expect(after?.arms.reduce((sum, arm) => sum + arm.skipped, 0)).toBe(2);
    for (const arm of after?.arms ?? []) {
      for (const cell of arm.cells) {
        expect(cell.low).toBeLessThanOrEqual(cell.mean);
        expect(cell.high).toBeGreaterThanOrEqual(cell.mean);
      }
    }
    expect(after?.rounds.at(-1)?.arms.reduce((sum, arm) => sum + arm.best, 0)).toBeCloseTo(1, 3);
  }, 120_000);
});

describe("a preview", () => {
  it("shows the draft's first picks and what the present strategy shares, and stores nothing in the queue", async () => {
    const made = await labelledProject("margin");
    const project = await loadProject(service.db, made.id);
    const before = await storedOf(made.id);
    const preview = async (main: string): Promise<PreviewResult> => {
      const { jobRunId } = await requestPreview(
        { ...service, actor: { kind: "system" }, project },
        { strategy: { ...project.strategy, main: { id: main, options: {} } } },
      );
      const finished = await service.runNext(undefined, jobRunId);
      return finished?.result as PreviewResult;
    };
    const same = await preview("margin");
    expect(same.picks.length).toBeGreaterThan(15);
    expect(same.nAlsoPresent).toBe(same.picks.length);
    for (const id of ["ldm-s", "tailor", "badge", "bait", "galaxy", "direct"]) {
      const other = await preview(id);
      expect(other.notices, id).not.toContainEqual(expect.objectContaining({ code: "MAIN_NOT_READY" }));
      expect(other.picks.length, id).toBeGreaterThan(15);
      for (const pick of other.picks) {
        expect(pick.excerpt).toBe(examples[pick.row].text.slice(0, 240));
        expect(pick.reason, id).not.toEqual([]);
      }
    }
    expect(await storedOf(made.id)).toEqual(before);
  }, 180_000);

  it("ends when it is cancelled, and leaves nothing", async () => {
    const made = await labelledProject("margin");
    const project = await loadProject(service.db, made.id);
    const before = await storedOf(made.id);
    const cancelled = new AbortController();
    const context = {
      ...service,
      signal: cancelled.signal,
      progress: async ({ done }: { done: number }) => {
        if (done > 0) cancelled.abort();
      },
    };
    const strategy = { ...project.strategy, main: { id: "ldm-s", options: {} } };
    await expect(previewStrategy(context, { projectId: made.id, strategy })).rejects.toMatchObject({
      code: "E_CANCELLED",
    });
    expect(await storedOf(made.id)).toEqual(before);
  }, 60_000);

  it("is told apart in advance: what a strategy needs, whether it is there and what it costs", async () => {
    const bare = await loadProject(service.db, (await makeExampleProject(service, examples.slice(0, 60))).id);
    const early = await readGuidance(service.db, bare, { main: { id: "ldm-s", options: {} } });
    expect(early.canRun).toBe(false);
    expect(early.arrays.find(({ array }) => array === "head")).toMatchObject({ isThere: false });
    expect(early.arrays.find(({ array }) => array === "embeddings")).toMatchObject({ isThere: true });
    const given = { main: { id: "bald", options: { posterior: "given" } } };
    const posterior = (await readGuidance(service.db, bare, given)).arrays.find(({ array }) => array === "posterior");
    expect(posterior?.isThere).toBe(false);
    expect(posterior?.sentence).toMatch(/several models/);
    expect(early.cost.seconds).toBeGreaterThan(0);
    expect(early.cost.mebibytes).toBeGreaterThan(0);
  });
});

/** Everything that a round would have written. */
async function storedOf(projectId: number): Promise<unknown> {
  const count = (table: string) =>
    service.db.query(`select count(*)::int as n from ${table} where project_id = $1`, [projectId]);
  const [rounds, entries] = [await count("round"), await count("queue_entry")];
  const blobs: string[] = [];
  for await (const { key } of service.storage.list(`projects/${projectId}/previews`)) blobs.push(key);
  return { rounds: rounds.rows, entries: entries.rows, blobs };
}

describe("an LDM-S project", () => {
  it("reads the head on standardised features, is served by LDM-S and replays", async () => {
    const project = await labelledProject("ldm-s");
    for (const number of await lastRounds(project.id, ROUNDS)) {
      await expectServedBy(project.id, number, "ldm-s", "flipShare");
      const manifest = await readRoundManifest(service, project.id, number);
      expect(manifest.headReads).toBe("standardised features");
      expect(manifest.arrays.headWeights?.shape).toEqual([manifest.arrays.embeddings?.dim, 2]);
      await expectReplayed(project.id, number);
    }
    const [newest] = await readLdm(service.db, project.id);
    expect(newest).toMatchObject({ strategy: "ldm-s", facts: { reference: expect.any(Number) } });
    expect(newest.histogram.counts.reduce((a, b) => a + b, 0)).toBe(newest.scored);
    expect(newest.facts.hypotheses).toBeGreaterThan(0);
  }, 120_000);

  it("reads the last hidden layer of a network", async () => {
    const project = await labelledProject("ldm-s", { id: "mlp", options: {} });
    const [number] = await lastRounds(project.id, 1);
    await expectServedBy(project.id, number, "ldm-s", "flipShare");
    const manifest = await readRoundManifest(service, project.id, number);
    expect(manifest.headReads).toBe("last hidden layer");
    await expectReplayed(project.id, number);
  }, 120_000);
});
