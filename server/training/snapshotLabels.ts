import { createHash } from "node:crypto";
import type { TaskType } from "@/task-types/registry";
import type { EffectiveLabelRow } from "./training.db";

/**
 * How many audit items, those answered last, serve to measure models and are kept out of training. Older ones have
 * served and graduate into training. With 500 items a 95 % interval of an accuracy near 0.8 is about ±3.5 points wide.
 */
export const AUDIT_WINDOW = 500;

export interface LabelledItem {
  row: number;
  classIndex: number;
}

export interface AuditItem extends LabelledItem {
  /** Its newest audit label. */
  seq: number;
}

export interface LabelSnapshot {
  /** What a model learns from, by row: one class per item. */
  training: LabelledItem[];
  /** Audit items that serve now, by row. Disjoint from `training`, also by content. */
  serving: AuditItem[];
  /** Items whose aggregated answer names no class any more. */
  nUntrainable: number;
}

/**
 * What the labels up to some number say about each item. Pure.
 *
 * Opinions on one item are aggregated by the task type, in order of arrival. An item with an audit label is an audit
 * item; the {@link AUDIT_WINDOW} answered last serve. What serves, and every item with the same content as one that
 * serves, is left out of training. Labels with purpose test or compare never train.
 *
 * @param labels effective ones, ordered by row and seq.
 */
export function snapshotLabels(
  taskType: Pick<TaskType, "consensus" | "classIndex">,
  config: unknown,
  labels: readonly EffectiveLabelRow[],
): LabelSnapshot {
  const items = groupByRow(labels);
  const audits = items
    .filter((item) => item.auditSeq !== null)
    .sort((a, b) => (b.auditSeq ?? 0) - (a.auditSeq ?? 0))
    .slice(0, AUDIT_WINDOW);
  const servingContents = new Set(audits.map((item) => item.original));
  const snapshot: LabelSnapshot = { training: [], serving: [], nUntrainable: 0 };
  const classOf = (values: unknown[]): number | undefined =>
    taskType.classIndex(config, taskType.consensus(config, values).value);
  for (const item of items) {
    const isServing = servingContents.has(item.original);
    const values = isServing ? item.values : item.trainable;
    if (values.length === 0) continue;
    const classIndex = classOf(values);
    if (classIndex === undefined) snapshot.nUntrainable++;
    else if (!isServing) snapshot.training.push({ row: item.row, classIndex });
    else if (item.auditSeq !== null) snapshot.serving.push({ row: item.row, classIndex, seq: item.auditSeq });
  }
  return snapshot;
}

interface ItemLabels {
  row: number;
  original: number;
  values: unknown[];
  trainable: unknown[];
  auditSeq: number | null;
}

const NEVER_TRAINED: ReadonlySet<string> = new Set(["test", "compare"]);

function groupByRow(labels: readonly EffectiveLabelRow[]): ItemLabels[] {
  const items: ItemLabels[] = [];
  for (const label of labels) {
    let item = items.at(-1);
    if (item?.row !== label.row) {
      item = { row: label.row, original: label.original, values: [], trainable: [], auditSeq: null };
      items.push(item);
    }
    item.values.push(label.value);
    if (!NEVER_TRAINED.has(label.purpose)) item.trainable.push(label.value);
    if (label.purpose === "audit") item.auditSeq = label.seq;
  }
  return items;
}

/** int32 rows[n], then int32 classes[n], little endian: the training set as it is stored. */
export function encodeTrainSet(items: readonly LabelledItem[]): Uint8Array {
  const values = new Int32Array(2 * items.length);
  items.forEach((item, i) => {
    values[i] = item.row;
    values[items.length + i] = item.classIndex;
  });
  return new Uint8Array(values.buffer);
}

export function decodeTrainSet(bytes: Uint8Array): { rows: Int32Array; classes: Int32Array } {
  const values = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return { rows: values.subarray(0, values.length / 2), classes: values.subarray(values.length / 2) };
}

/** SHA-256 over the feature version, the classes in order, and the training set. */
export function hashTrainSet(featureVersion: number, classes: readonly string[], trainSet: Uint8Array): string {
  return createHash("sha256")
    .update(JSON.stringify({ featureVersion, classes }))
    .update("\n")
    .update(trainSet)
    .digest("hex");
}
