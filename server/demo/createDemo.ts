import { createHash } from "node:crypto";
import { LIMITS } from "@/contracts/limits";
import { createProjectInput } from "@/contracts/project";
import type { Actor } from "@/server/auth";
import type { Clock } from "@/server/clock";
import type { Pool } from "@/server/db";
import { withTransaction } from "@/server/db";
import { ingestItems } from "@/server/ingestion";
import { createProject, loadProject } from "@/server/projects";
import type { BlobStore } from "@/server/storage";
import type { DemoDataset, DemoItem } from "./datasets";
import { getDemoDataset, readDemoItems } from "./datasets";
import { writeTruth } from "./demo.db";

interface Context {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  actor: Actor;
}

export interface CreateDemoInput {
  dataset: string;
  strategyId: string;
  /** Also makes a twin on the same items and the same audit frame whose queue is filled at random. */
  compareWithRandom: boolean;
}

/** Share of the queue that measures: larger than usual, so that a curve of a few hundred labels has narrow bands. */
const DEMO_AUDIT_SHARE = 0.2;
const RANDOM = "random";

/**
 * Makes a project on a bundled data set, its labels hidden, and if wanted its random twin. Both have the same seed, so
 * their audit frames hold the same items and their curves are measured on comparable samples.
 */
export async function createDemo(
  context: Context,
  input: CreateDemoInput,
): Promise<{ projects: { id: number; slug: string }[] }> {
  const dataset = getDemoDataset(input.dataset);
  const items = await readDemoItems(dataset);
  const strategies = [input.strategyId];
  if (input.compareWithRandom && input.strategyId !== RANDOM) strategies.push(RANDOM);
  const seed = createHash("sha256").update(`demo/${dataset.id}`).digest("hex").slice(0, 32);
  const projects: { id: number; slug: string }[] = [];
  for (const strategyId of strategies) projects.push(await createOne(context, dataset, items, strategyId, seed));
  return { projects };
}

async function createOne(
  context: Context,
  dataset: DemoDataset,
  items: DemoItem[],
  strategyId: string,
  seed: string,
): Promise<{ id: number; slug: string }> {
  const labels = [...new Set(items.map((item) => item.label))].sort();
  const made = await createProject(
    context,
    createProjectInput.parse({
      name: `${dataset.title} (${strategyId})`,
      description: `${dataset.description} ${dataset.licence}.`,
      taskType: "choice",
      taskConfig: { labels: labels.map((id) => ({ id, title: dataset.titleOf(id) })) },
      contentKind: "text",
      guidelines: dataset.guidelines,
      seed,
      strategy: {
        main: { id: strategyId },
        coldStart: { id: RANDOM },
        minLabels: dataset.minLabels,
        auditShare: DEMO_AUDIT_SHARE,
        batchSize: dataset.batchSize,
      },
      retrainPolicy: { everyLabels: dataset.everyLabels, everySeconds: 60, minLabels: dataset.minLabels },
    }),
    { demo: dataset.id },
  );
  const project = await loadProject(context.db, made.id);
  for (let from = 0; from < items.length; from += LIMITS.ingestRows) {
    const part = items.slice(from, from + LIMITS.ingestRows);
    await ingestItems(
      { ...context, project },
      { mode: "atomic", items: part.map(({ id, text }) => ({ externalId: id, content: { text } })) },
    );
    await withTransaction(context.db, (tx) =>
      writeTruth(
        tx,
        made.id,
        part.map((item) => item.id),
        part.map((item) => ({ choice: item.label })),
      ),
    );
  }
  return made;
}
