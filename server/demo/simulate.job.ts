import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { JobPayload } from "@/contracts/jobs";
import { DAY_MS } from "@/contracts/limits";
import { getSessionSecret, signSessionCookie } from "@/server/auth";
import { addMs } from "@/server/clock";
import { withTransaction } from "@/server/db";
import { getEnv } from "@/server/env";
import { AppError } from "@/server/errors";
import type { JobHandler } from "@/server/jobs";
import { getTaskType } from "@/task-types/registry";
import {
  closeSessions,
  countLabelsSince,
  ensureSimulatedUsers,
  openSession,
  readDemoProject,
  readLag,
  readTruth,
} from "./demo.db";
import { httpAnnotatorApi } from "./httpAnnotatorApi";
import type { AnnotatorApi } from "./simulateAnnotators";
import { simulateAnnotators } from "./simulateAnnotators";

const TOKEN_BYTES = 32;
/** At full speed annotators may be this many retrainings' worth of labels ahead of the model. */
const LEAD_IN_RETRAININGS = 2;
const REPORT_EVERY_LABELS = 5;

/**
 * Lets simulated annotators answer a demonstration project over the real API until the wanted number of labels is given.
 * Safe to run again after a crash: it goes on for the labels that are still missing, with the same people.
 */
const handler: JobHandler<JobPayload<"demo.simulate">> = async (job) => {
  const { db, clock, payload, signal } = job;
  const { projectId } = payload;
  const project = await readDemoProject(db, projectId);
  if (!project?.demo) {
    throw new AppError(
      "E_PRECONDITION",
      "Only demonstration projects can be answered by simulated annotators: they alone know the labels.",
    );
  }
  const type = getTaskType(project.task_type);
  const classes = type.classes(project.task_config);
  const now = clock.now();
  const users = await withTransaction(db, (tx) => ensureSimulatedUsers(tx, projectId, payload.annotators, now));
  const given = await countLabelsSince(db, projectId, users, job.jobRunId);
  // Each annotator's calls and pauses listen to it.
  setMaxListeners(0, signal);
  const baseUrl = getEnv().publicUrl;
  const cookieRules = { sessionSecret: getSessionSecret(), publicUrl: baseUrl };
  const apis: AnnotatorApi[] = [];
  const tokens: string[] = [];
  for (const userId of users) {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    await openSession(db, { token, userId, now, expiresAt: addMs(now, DAY_MS) });
    tokens.push(token);
    apis.push(httpAnnotatorApi(baseUrl, signSessionCookie(token, cookieRules), projectId, signal));
  }
  const everyLabels = project.retrain_policy.everyLabels ?? REPORT_EVERY_LABELS;
  const truth = (row: number) => readTruth(db, projectId, row);
  try {
    return await simulateAnnotators({
      apis,
      truth,
      wrong: async (row, u) => {
        const right = type.classIndex(project.task_config, await truth(row)) ?? 0;
        // One of the other classes, all equally likely.
        const other = Math.floor(u * (classes.length - 1));
        return type.valueOfClass(project.task_config, other < right ? other : other + 1);
      },
      speed: payload.speed,
      errorRate: payload.errorRate,
      maxLabels: payload.maxLabels - given,
      seed: payload.seed,
      clock,
      signal,
      onLabel: async (sinceStart) => {
        const labels = given + sinceStart;
        if (labels % REPORT_EVERY_LABELS === 0 || labels === payload.maxLabels) {
          await job.progress({
            done: labels,
            total: payload.maxLabels,
            message: `${labels} labels by ${users.length} simulated annotators`,
          });
        }
      },
      modelKeepsUp: async () => {
        if (project.retrain_policy.automatic === false) return true;
        const lag = await readLag(db, projectId);
        return !lag.training || lag.labels < LEAD_IN_RETRAININGS * everyLabels;
      },
    });
  } finally {
    await closeSessions(db, tokens);
  }
};

export default handler;
