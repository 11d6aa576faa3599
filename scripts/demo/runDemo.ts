import type { Actor } from "../../server/auth";
import { systemClock } from "../../server/clock";
import { createPool } from "../../server/db";
import { createDemo, findDemoProjects, readDemoProgress, requestSimulation } from "../../server/demo";
import { blobFolder, openFsBlobStore } from "../../server/storage";
import { sleep } from "../postgres/processes";

const DATASET = "banking77";
const ANNOTATORS = 4;
const ERROR_RATE = 0.02;
/** Each of the two projects: enough for the curves to part. */
const LABELS = 3_000;
const REPORT_EVERY_MS = 5_000;
const SYSTEM: Actor = { kind: "system", id: "demo" };

/**
 * Makes the demonstration projects on real data (unless they are there), lets simulated annotators label them over the
 * API, and says how far they are until they are done. Ctrl-C ends the instance as always; a later start goes on.
 */
export async function runDemo(options: {
  databaseUrl: string;
  dataDir: string;
  url: string;
  say: (message: string) => void;
  isStopping: () => boolean;
}): Promise<void> {
  const { databaseUrl, dataDir, url, say, isStopping } = options;
  const db = createPool({ connectionString: databaseUrl, max: 4 });
  try {
    const context = { db, clock: systemClock, storage: openFsBlobStore(blobFolder(dataDir)), actor: SYSTEM };
    let projects = await findDemoProjects(db, DATASET);
    if (projects.length === 0) {
      say("loading Banking77 (13,083 real questions to a bank, CC BY 4.0) into two projects: margin and random");
      await createDemo(context, { dataset: DATASET, strategyId: "margin", compareWithRandom: true });
      projects = await findDemoProjects(db, DATASET);
    }
    for (const project of projects) {
      const simulation = { annotators: ANNOTATORS, speed: "full" as const, errorRate: ERROR_RATE, maxLabels: LABELS };
      await requestSimulation(context, { projectId: project.id, ...simulation });
      say(`${ANNOTATORS} simulated annotators label ${url}/p/${project.slug}`);
    }
    while (!isStopping()) {
      await sleep(REPORT_EVERY_MS);
      const progress = await Promise.all(projects.map((project) => readDemoProgress(db, project.id)));
      const lines = progress.map(
        (p, i) => `${projects[i].strategy}: ${p.labels} labels, ${describeAccuracy(p.accuracy)}`,
      );
      say(lines.join(" | "));
      if (progress.every((p) => !p.isRunning)) break;
    }
    if (!isStopping()) say("the simulated annotators are done; the curves stand on the dashboards");
  } finally {
    await db.end();
  }
}

function describeAccuracy(accuracy: { value: number; lower: number | null; upper: number | null } | null): string {
  if (!accuracy) return "not measured yet";
  const percent = (x: number) => (100 * x).toFixed(1);
  const interval =
    accuracy.lower === null || accuracy.upper === null
      ? ""
      : ` (${percent(accuracy.lower)} to ${percent(accuracy.upper)})`;
  return `audit accuracy ${percent(accuracy.value)} %${interval}`;
}
