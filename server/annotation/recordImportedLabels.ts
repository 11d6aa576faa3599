import { createHash } from "node:crypto";
import { settleItem } from "../consensus";
import type { Tx } from "../db";
import type { ProjectRow } from "../projects";
import { checkValue } from "./checkValue";
import type { SettledImport } from "./imported.db";
import {
  insertImportedAnnotations,
  lockItemsOfImport,
  readImportedItems,
  readTakenSubmissions,
  takeSequenceNumbers,
  writeSettledItems,
} from "./imported.db";
import { ConfigChanged } from "./rerunAfterRace";

export interface ImportedLabel {
  row: number;
  /** As the task type's parseLabel gives it; checked again here. */
  value: unknown;
}

export interface ImportedLabels {
  project: ProjectRow;
  source: "import" | "key";
  /** Names where the labels come from, e.g. "import:3": the same label of the same origin is recorded once. */
  origin: string;
  labels: readonly ImportedLabel[];
  now: Date;
}

/** A submission id that the same label of the same origin always has: version 8 UUID over their SHA-256. */
function submissionIdOf(origin: string, label: ImportedLabel): string {
  const hex = createHash("sha256")
    .update(JSON.stringify([origin, label.row, label.value]))
    .digest("hex");
  const variant = ((Number.parseInt(hex[16], 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * Appends labels that came with data as annotations of nobody in particular, in the caller's transaction: gap-free
 * numbers, items settled, totals kept, entries of items that need no more opinions superseded. A label counts like a
 * person's; one that comes to a resolved item is an extra vote.
 *
 * Locks the items by row, their entries, then the project's counter until the caller commits: keep batches to a few
 * thousand. Called again with the same origin and labels it writes nothing.
 * @throws ConfigChanged (E_UNAVAILABLE) when the project's labels were changed since `project` was read.
 * @returns how many were recorded, and how many had been before or name an item that does not exist.
 */
export async function recordImportedLabels(
  tx: Tx,
  input: ImportedLabels,
): Promise<{ recorded: number; existing: number }> {
  const { project, now } = input;
  const given = new Map(
    input.labels.map(({ row, value }) => {
      const label = { row, value: checkValue(project, value) };
      return [submissionIdOf(input.origin, label), label];
    }),
  );
  const rows = [...new Set(input.labels.map((label) => label.row))];
  await lockItemsOfImport(tx, project.id, rows);
  const taken = new Set(await readTakenSubmissions(tx, project.id, [...given.keys()]));
  const items = new Map((await readImportedItems(tx, project.id, rows)).map((item) => [item.row, item]));
  const labels: { row: number; value: unknown; submissionId: string; isExtra: boolean }[] = [];
  const before = new Map([...items.values()].map((item) => [item.row, item.status]));
  for (const [submissionId, label] of given) {
    const item = items.get(label.row);
    if (!item || taken.has(submissionId)) continue;
    const isWanted = item.status !== "resolved" && item.status !== "excluded" && item.values.length < project.overlap;
    labels.push({ ...label, submissionId, isExtra: !isWanted });
    item.values.push(label.value);
  }
  if (labels.length === 0) return { recorded: 0, existing: input.labels.length };
  const changed = new Set(labels.map((label) => label.row));
  const settled: SettledImport[] = [...items.values()]
    .filter((item) => changed.has(item.row))
    .map((item) => ({
      row: item.row,
      nLabels: item.values.length,
      ...settleItem(
        project,
        item.status,
        { values: item.values, nSkips: item.n_skips, isSkippedByAll: false },
        "label",
      ),
    }));
  const nResolved = settled.filter((s) => s.status === "resolved" && before.get(s.row) !== "resolved").length;
  await writeSettledItems(tx, project.id, settled, now);
  const firstSeq = await takeSequenceNumbers(tx, project, labels.length, nResolved);
  if (firstSeq === undefined) throw new ConfigChanged();
  await insertImportedAnnotations(tx, { projectId: project.id, firstSeq, source: input.source, now }, labels);
  return { recorded: labels.length, existing: input.labels.length - labels.length };
}
