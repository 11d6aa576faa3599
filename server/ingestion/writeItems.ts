import type { ImportMapping } from "@/contracts/ingestion";
import { recordImportedLabels } from "../annotation";
import { appendAuditLog } from "../audit";
import type { Actor } from "../auth";
import type { Tx } from "../db";
import { notifyProject } from "../jobs";
import { loadProject, projectNotFound } from "../projects";
import {
  addToRowCounter,
  insertItems,
  lockLabelSettings,
  lockRowCounter,
  selectExisting,
  selectOriginals,
  writeTaskConfig,
} from "./ingestion.db";
import type { ItemCandidate } from "./itemCandidate";
import { LabelReader } from "./resolveLabels";
import type { RowIssue } from "./rowIssue";

export interface WriteItemsOptions {
  projectId: number;
  /** Who the labels that come along are recorded as coming from. */
  source: "import" | "key";
  /** The import the items belong to; null for calls. */
  importRun: number | null;
  unknownLabel: ImportMapping["unknownLabel"];
  now: Date;
  /** Who adds labels to the project, for the audit log. */
  actor: Actor;
  /** Decides, knowing all issues and before anything is written, whether to go on; throws when not. */
  onIssues?: (issues: readonly (RowIssue | undefined)[]) => void;
}

export interface WrittenItems {
  /** Row per candidate, in order; null for refused ones. */
  rows: (number | null)[];
  /** Issue per candidate, in order. */
  issues: (RowIssue | undefined)[];
  inserted: number;
  existing: number;
  duplicates: number;
  labels: number;
}

/** Values of the labels that come along. */
type LabelOf = Map<ItemCandidate, unknown>;

/**
 * Adds checked items in the caller's transaction. Locks, in order: the project (while labels come along), its row
 * counter, the new items, its label counter. Writes items and contents; labels are recorded by server/annotation under
 * the next gap-free sequence numbers, which settles their items. Items whose id is there already are left
 * as they are, so calling twice is calling once. Rows are numbered without gaps, in the order of the candidates.
 */
export async function writeItems(
  tx: Tx,
  candidates: readonly ItemCandidate[],
  options: WriteItemsOptions,
): Promise<WrittenItems> {
  const issues: (RowIssue | undefined)[] = candidates.map(() => undefined);
  const labels = await readLabels(tx, candidates, issues, options);
  const firstRow = await lockRowCounter(tx, options.projectId);
  const { rows, fresh, existing } = await tellNewFromExisting(tx, candidates, issues, firstRow, options);
  options.onIssues?.(issues);
  const duplicateOf = await findOriginals(tx, fresh, firstRow, options.projectId);
  const result: WrittenItems = {
    rows,
    issues,
    inserted: fresh.length,
    existing,
    duplicates: duplicateOf.filter((row) => row !== null).length,
    labels: 0,
  };
  if (fresh.length === 0) return result;
  await insertItems(tx, {
    projectId: options.projectId,
    firstRow,
    importRun: options.importRun,
    now: options.now,
    externalIds: fresh.map((c) => c.externalId),
    hashes: fresh.map((c) => c.hash),
    duplicateOf,
    contents: fresh.map((c) => c.content),
    metas: fresh.map((c) => c.meta),
  });
  await addToRowCounter(tx, options.projectId, { items: fresh.length, duplicates: result.duplicates });
  await notifyProject(tx, options.projectId, "items");
  result.labels = await writeLabels(tx, fresh, labels, firstRow, options);
  return result;
}

async function readLabels(
  tx: Tx,
  candidates: readonly ItemCandidate[],
  issues: (RowIssue | undefined)[],
  options: WriteItemsOptions,
): Promise<LabelOf> {
  const labels: LabelOf = new Map();
  if (candidates.every((candidate) => candidate.label === undefined)) return labels;
  const settings = await lockLabelSettings(tx, options.projectId, options.unknownLabel === "addLabel");
  if (!settings) throw projectNotFound();
  const reader = new LabelReader(settings, options.unknownLabel);
  candidates.forEach((candidate, i) => {
    if (candidate.label === undefined) return;
    const label = reader.read(candidate.label);
    if (label === undefined) return;
    if ("issue" in label) issues[i] = label.issue;
    else labels.set(candidate, label.value);
  });
  if (reader.addedLabels.length > 0) {
    await writeTaskConfig(tx, options.projectId, reader.config, options.now);
    await appendAuditLog(tx, {
      actor: options.actor,
      projectId: options.projectId,
      action: "ingest.addLabels",
      target: options.importRun,
      details: { labels: reader.addedLabels },
      at: options.now,
    });
    await notifyProject(tx, options.projectId, "settings");
  }
  return labels;
}

const REPEATED =
  "The id stands for other content earlier in the same call or file. Ids must be unique: check which column is mapped to it.";

/** Finds out which candidates are new and gives those their rows; the row counter is locked, so the answer stays true. */
async function tellNewFromExisting(
  tx: Tx,
  candidates: readonly ItemCandidate[],
  issues: (RowIssue | undefined)[],
  firstRow: number,
  options: WriteItemsOptions,
): Promise<{ rows: (number | null)[]; fresh: ItemCandidate[]; existing: number }> {
  const good = candidates.filter((_, i) => issues[i] === undefined);
  const found = await selectExisting(
    tx,
    options.projectId,
    good.map((candidate) => candidate.externalId),
  );
  const known = new Map(
    found.map((item) => [
      item.external_id,
      {
        row: item.row,
        hash: item.hash,
        isOfThisRun: options.importRun !== null && item.import_run === options.importRun,
      },
    ]),
  );
  const fresh: ItemCandidate[] = [];
  let existing = 0;
  const rows = candidates.map((candidate, i) => {
    if (issues[i] !== undefined) return null;
    const item = known.get(candidate.externalId);
    if (item === undefined) {
      const row = firstRow + fresh.length;
      fresh.push(candidate);
      known.set(candidate.externalId, { row, hash: candidate.hash, isOfThisRun: true });
      return row;
    }
    if (item.isOfThisRun && item.hash !== candidate.hash) {
      issues[i] = { code: "repeatedId", field: "externalId", message: REPEATED };
      return null;
    }
    existing++;
    return item.row;
  });
  return { rows, fresh, existing };
}

/** For each new item: the first living item of equal content, or null when it is the first itself. */
async function findOriginals(
  tx: Tx,
  fresh: readonly ItemCandidate[],
  firstRow: number,
  projectId: number,
): Promise<(number | null)[]> {
  if (fresh.length === 0) return [];
  const hashes = [...new Set(fresh.map((candidate) => candidate.hash))];
  const found = await selectOriginals(tx, projectId, hashes);
  const originals = new Map(found.map(({ hash, row }) => [hash, row]));
  return fresh.map(({ hash }, i) => {
    const original = originals.get(hash);
    if (original === undefined) originals.set(hash, firstRow + i);
    return original ?? null;
  });
}

async function writeLabels(
  tx: Tx,
  fresh: readonly ItemCandidate[],
  labels: LabelOf,
  firstRow: number,
  options: WriteItemsOptions,
): Promise<number> {
  const labelled = fresh.flatMap((candidate, i) =>
    labels.has(candidate) ? [{ row: firstRow + i, value: labels.get(candidate) }] : [],
  );
  if (labelled.length === 0) return 0;
  const { recorded } = await recordImportedLabels(tx, {
    // Read again: labels may just have been added.
    project: await loadProject(tx, options.projectId),
    source: options.source,
    origin: options.importRun === null ? "ingest" : `import:${options.importRun}`,
    labels: labelled,
    now: options.now,
  });
  await notifyProject(tx, options.projectId, "labels");
  return recorded;
}
