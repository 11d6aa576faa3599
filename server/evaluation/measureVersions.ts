import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditFrame, hasBit, wilsonInterval } from "@/strategies";
import { getTaskType } from "@/task-types/registry";
import { AUDIT_FRAME_SHARE, frameSeedOf } from "../acquisition";
import type { Clock } from "../clock";
import type { ComputePool, MeasuredValue, MeasuredVersion } from "../compute";
import { encodeArrayFile } from "../compute";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import { notifyProject } from "../jobs";
import type { ProjectRow } from "../projects";
import { loadProject } from "../projects";
import type { BlobStore } from "../storage";
import type { AuditItem } from "../training";
import { decodeTrainSet, readLabelSnapshot } from "../training";
import type { MeasurableVersionRow, NewPoint, PointRow } from "./evaluation.db";
import {
  insertPoints,
  selectLabelSeq,
  selectMeasurableVersions,
  selectNewestPoints,
  selectNextRow,
  selectTruths,
} from "./evaluation.db";
import { needsMeasure } from "./needsMeasure";
import { readPredictedClasses } from "./readPredictedClasses";

const LEVEL = 0.95;
const TRUTH_METHOD = "hidden truth of the items of the audit frame that were not trained on";
/** Versions measured in one run; the rest follows with the next. */
const VERSIONS_MAX = 200;

export interface MeasureContext {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  compute: ComputePool;
  signal: AbortSignal;
}

interface Labelled {
  row: number;
  classIndex: number;
}

/** Passes in one run: a version or a label that came during one is seen by the next. */
const PASSES_MAX = 3;

/** Measures until a pass finds nothing new. See {@link measureOnce}. */
export async function measureVersions(
  context: MeasureContext,
  input: { projectId: number },
): Promise<{ measured: number[]; points: number }> {
  const measured = new Set<number>();
  let points = 0;
  for (let n = 0; n < PASSES_MAX; n++) {
    const pass = await measureOnce(context, input.projectId);
    for (const version of pass.measured) measured.add(version);
    points += pass.points;
    if (pass.points === 0) break;
  }
  return { measured: [...measured], points };
}

/**
 * Measures model versions and appends what changed:
 * - audit: accuracy (Wilson interval) and macro-F1 (bootstrap) on the audit items that serve now and that the version was
 *   not trained on: a simple random sample of the pool;
 * - heldOut: the trainer's own accuracy on the labels it held out, which were chosen by the strategy;
 * - demoTruth: for demonstration projects, accuracy and macro-F1 on the rows of the audit frame that were not trained on.
 *
 * Predictions are those stored with the version; nothing is predicted here. Called twice, the second call appends nothing.
 */
async function measureOnce(
  context: MeasureContext,
  projectId: number,
): Promise<{ measured: number[]; points: number }> {
  const { db, clock } = context;
  const project = await loadProject(db, projectId);
  const labelSeq = await selectLabelSeq(db, project.id);
  const versions = await selectMeasurableVersions(db, project.id);
  const known = indexPoints(await selectNewestPoints(db, project.id));
  const { serving } = await readLabelSnapshot(db, project, labelSeq);
  const seqs = serving.map((item) => item.seq);
  const due = versions
    .filter((v, place) =>
      needsMeasure(
        { place, isActive: v.version === project.activeModelVersion },
        known.get(pointName(v.version, "accuracy", "audit")),
        seqs,
      ),
    )
    .slice(0, VERSIONS_MAX);
  const found: NewPoint[] = [
    ...(await measureAudit(context, project, due, serving, labelSeq)),
    ...versions.flatMap((version) => heldOutPoint(version, labelSeq)),
    ...(project.demo === null ? [] : await measureTruth(context, project, versions, known, labelSeq)),
  ];
  const points = found.filter((point) => isNews(point, known));
  if (points.length > 0) {
    await withTransaction(db, async (tx) => {
      await insertPoints(tx, project.id, points, clock.now());
      await notifyProject(tx, project.id, "metrics");
    });
  }
  return { measured: due.map((version) => version.version), points: points.length };
}

function pointName(version: number, metric: string, sample: string): string {
  return `${version}/${metric}/${sample}`;
}

function indexPoints(points: readonly PointRow[]): Map<string, PointRow> {
  return new Map(points.map((point) => [pointName(point.modelVersion, point.metric, point.sample), point]));
}

function isNews(point: NewPoint, known: Map<string, PointRow>): boolean {
  const last = known.get(pointName(point.modelVersion, point.metric, point.sample));
  return (
    last === undefined ||
    last.value !== point.value ||
    last.n !== point.n ||
    last.lower !== point.lower ||
    last.upper !== point.upper
  );
}

async function measureAudit(
  context: MeasureContext,
  project: ProjectRow,
  versions: readonly MeasurableVersionRow[],
  serving: readonly AuditItem[],
  labelSeq: number,
): Promise<NewPoint[]> {
  if (versions.length === 0) return [];
  const measured = await measureOn(context, project, versions, serving, false);
  return measured.flatMap((m) => {
    const version = versions.find((v) => v.version === m.version);
    return pointsOf(m, "audit", version?.nTrain ?? 0, labelSeq, {
      accuracy: "Wilson score interval",
      macroF1: "percentile bootstrap of the items",
    });
  });
}

/** Compares each version's stored predictions with labelled rows, those of its own training aside. */
async function measureOn(
  context: MeasureContext,
  project: ProjectRow,
  versions: readonly MeasurableVersionRow[],
  sample: readonly Labelled[],
  isExact: boolean,
): Promise<MeasuredVersion[]> {
  const { storage, compute, signal } = context;
  const classIds = getTaskType(project.taskType)
    .classes(project.taskConfig)
    .map(({ id }) => id);
  const nRows = sample.reduce((most, item) => Math.max(most, item.row + 1), 0);
  const arrays: Record<string, Int32Array> = { truth: Int32Array.from(sample, (item) => item.classIndex) };
  for (const version of versions) {
    signal.throwIfAborted();
    const predicted = await readPredictedClasses(context, project.id, version.version, nRows);
    const trained = await readTrainedRows(storage, version);
    const positions = version.classes.map((id) => classIds.indexOf(id));
    arrays[`predicted-${version.version}`] = Int32Array.from(sample, ({ row }) =>
      predicted[row] < 0 || trained.has(row) ? -1 : positions[predicted[row]],
    );
  }
  const scratch = await mkdtemp(join(tmpdir(), "winnow-measure-"));
  try {
    const samplePath = join(scratch, "sample");
    await writeFile(samplePath, encodeArrayFile({}, arrays));
    const { result } = await compute.run(
      "measure",
      storage,
      {
        nClasses: classIds.length,
        seed: `${project.seed}/measure`,
        level: LEVEL,
        isExact,
        versions: versions.map(({ version }) => version),
        samplePath,
      },
      { signal },
    );
    return result.versions;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function readTrainedRows(storage: BlobStore, version: MeasurableVersionRow): Promise<ReadonlySet<number>> {
  if (version.trainSetKey === null) return new Set();
  return new Set(decodeTrainSet(await storage.get(version.trainSetKey)).rows);
}

function pointsOf(
  measured: MeasuredVersion,
  sample: NewPoint["sample"],
  nTrain: number,
  labelSeq: number,
  methods: { accuracy: string; macroF1: string },
): NewPoint[] {
  const pointOf = (metric: NewPoint["metric"], value: MeasuredValue | null): NewPoint[] =>
    value === null
      ? []
      : [
          {
            modelVersion: measured.version,
            metric,
            sample,
            value: value.value,
            lower: value.low,
            upper: value.high,
            level: value.low === null ? null : LEVEL,
            n: measured.n,
            method: methods[metric],
            nTrain,
            labelSeq,
          },
        ];
  return [...pointOf("accuracy", measured.accuracy), ...pointOf("macroF1", measured.macroF1)];
}

function heldOutPoint(version: MeasurableVersionRow, labelSeq: number): NewPoint[] {
  const { heldOutAccuracy: value, nHeldOut: n } = version;
  if (value === null || n === null || n === 0) return [];
  const { low, high } = wilsonInterval(Math.round(value * n), n, LEVEL);
  return [
    {
      modelVersion: version.version,
      metric: "accuracy",
      sample: "heldOut",
      value,
      lower: low,
      upper: high,
      level: LEVEL,
      n,
      method: "labels that the trainer held out, chosen by the strategy; Wilson score interval",
      nTrain: version.nTrain,
      labelSeq,
    },
  ];
}

/**
 * What a strategy left unlabelled is easier than the pool when the strategy looks for hard items: only the frame, which no
 * strategy touches, is the same population for every strategy. Without audits there is no frame, and all rows count.
 */
async function frameMember(db: Pool, project: ProjectRow): Promise<(row: number) => boolean> {
  if (project.strategy.auditShare === 0) return () => true;
  const n = await selectNextRow(db, project.id);
  const frame = auditFrame({ n }, frameSeedOf(project.seed), AUDIT_FRAME_SHARE);
  return (row) => row < n && hasBit(frame, row);
}

/** Versions that have no such point yet; a pool that grew does not change what was measured. */
async function measureTruth(
  context: MeasureContext,
  project: ProjectRow,
  versions: readonly MeasurableVersionRow[],
  known: Map<string, PointRow>,
  labelSeq: number,
): Promise<NewPoint[]> {
  const due = versions.filter((v) => !known.has(pointName(v.version, "accuracy", "demoTruth"))).slice(0, VERSIONS_MAX);
  if (due.length === 0) return [];
  const taskType = getTaskType(project.taskType);
  const inFrame = await frameMember(context.db, project);
  const truths = (await selectTruths(context.db, project.id)).flatMap(({ row, truth }): Labelled[] => {
    const classIndex = taskType.classIndex(project.taskConfig, truth);
    return classIndex === undefined || !inFrame(row) ? [] : [{ row, classIndex }];
  });
  if (truths.length === 0) return [];
  const measured = await measureOn(context, project, due, truths, true);
  return measured.flatMap((m) =>
    pointsOf(m, "demoTruth", due.find((v) => v.version === m.version)?.nTrain ?? 0, labelSeq, {
      accuracy: TRUTH_METHOD,
      macroF1: TRUTH_METHOD,
    }),
  );
}
