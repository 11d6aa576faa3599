import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { trainerSpec } from "@/contracts/project";
import { ingestItems } from "@/server/ingestion";
import { loadProject, updateProject } from "@/server/projects";
import type { MadeProject } from "@/test/harness/factories";
import type { Example, ModelService } from "./test/modelService";
import {
  answerQueue,
  ask,
  createModelService,
  makeExampleProject,
  readExamples,
  versionsOf,
  withFrequentLabels,
} from "./test/modelService";

let service: ModelService;
let examples: Example[];
let project: MadeProject;
beforeAll(async () => {
  service = await createModelService();
  const sorted = withFrequentLabels(readExamples("banking77", 2_000), 3);
  // The file is in order of its labels: deal it out in three, so that all come early.
  const third = Math.floor(sorted.length / 3);
  examples = Array.from({ length: 3 * third }, (_, i) => sorted[(i % 3) * third + Math.floor(i / 3)]);
  project = await makeExampleProject(service, examples.slice(0, 80), {
    strategy: { minLabels: 20, batchSize: 40, auditShare: 0 },
    retrainPolicy: { minLabels: 20, everyLabels: 10 },
  });
  await answerQueue(service, project.id, 30, (row) => examples[row].label);
  await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
  await service.drain();
}, 120_000);
afterAll(() => service.cleanup());

const actor = () => ({ kind: "user" as const, id: project.lead.id, name: project.lead.name, role: "member" as const });
const change = (changes: object) =>
  updateProject({ ...service, actor: actor() }, { projectId: project.id, ...changes } as never);
const trainings = async () =>
  (
    await service.db.query<{ n: number }>(
      "select count(*)::int as n from job_run where project_id = $1 and kind = 'training.retrain' and state = 'queued'",
      [project.id],
    )
  ).rows[0].n;

describe("a model that does not follow the settings any more", () => {
  test("is trained anew after changes of the trainer, once for several, and not where a lead trains by hand", async () => {
    const before = (await versionsOf(service, project.id)).length;
    await change({ trainerSpec: trainerSpec.parse({ options: { l2: 0.01 } }) });
    await change({ trainerSpec: trainerSpec.parse({ options: { l2: 0.02 } }) });
    expect(await trainings()).toBe(1);
    await service.drain();
    const versions = await versionsOf(service, project.id);
    expect(versions).toHaveLength(before + 1);
    expect(versions.at(-1)).toMatchObject({ state: "ready" });
    expect(JSON.stringify(versions.at(-1)?.params)).toContain("0.02");
    await change({ name: "Renamed" });
    expect(await trainings()).toBe(0);
    const { retrainPolicy } = await loadProject(service.db, project.id);
    await change({
      retrainPolicy: { ...retrainPolicy, automatic: false },
      trainerSpec: trainerSpec.parse({ options: { l2: 0.03 } }),
    });
    expect(await trainings()).toBe(0);
    await change({ retrainPolicy });
  }, 120_000);

  test("is trained on labels that came with new items as soon as these have vectors, without the tick", async () => {
    const before = (await versionsOf(service, project.id)).at(-1);
    const items = examples.slice(80, 110).map(({ text, label }, i) => ({
      externalId: `new-${i}`,
      content: { text },
      label,
    }));
    const ctx = { ...service, actor: actor(), project: await loadProject(service.db, project.id) };
    expect(await ingestItems(ctx, { mode: "atomic", items })).toMatchObject({ inserted: 30, labels: 30 });
    await service.drain();
    const after = (await versionsOf(service, project.id)).at(-1);
    expect(after?.version).toBe((before?.version ?? 0) + 1);
    expect(after?.n_train).toBe((before?.n_train ?? 0) + 30);
  }, 120_000);
});
