import { SECOND_MS } from "@/contracts/limits";
import type { RoundManifest } from "@/contracts/manifest";
import { namedArrayKeys, roundManifest } from "@/contracts/manifest";
import type { Db } from "../db";
import { AppError } from "../errors";
import type { BlobStore } from "../storage";
import type { RoundDetailRow } from "./acquisition.db";
import { selectRound } from "./acquisition.db";

/** One round in full, as pages and programs see it. */
export interface RoundView extends Omit<RoundDetailRow, "triggeredAt" | "startedAt" | "finishedAt" | "manifestKey"> {
  triggeredAt: string | null;
  startedAt: string;
  finishedAt: string;
  /** From the label that set it off to the refilled queue; null when no label did. */
  secondsFromLabel: number | null;
  hasManifest: boolean;
}

/** @throws AppError E_NOT_FOUND. */
export async function readRound(db: Db, projectId: number, number: number): Promise<RoundView> {
  const { manifestKey, ...round } = await requireRound(db, projectId, number);
  const { triggeredAt, startedAt, finishedAt } = round;
  return {
    ...round,
    triggeredAt: triggeredAt?.toISOString() ?? null,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    secondsFromLabel: triggeredAt === null ? null : (finishedAt.getTime() - triggeredAt.getTime()) / SECOND_MS,
    hasManifest: manifestKey !== null,
  };
}

/** The manifest of a round. @throws AppError E_NOT_FOUND. */
export async function readRoundManifest(
  { db, storage }: { db: Db; storage: BlobStore },
  projectId: number,
  number: number,
): Promise<RoundManifest> {
  const { manifestKey } = await requireRound(db, projectId, number);
  if (manifestKey === null) throw new AppError("E_NOT_FOUND", `Round ${number} has no manifest.`);
  const bytes = await storage.get(manifestKey);
  return roundManifest.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

/**
 * One array that a round's manifest names, as a stream with its size.
 *
 * @throws AppError E_NOT_FOUND for a key that the manifest does not name, and for probabilities of an old model version
 *         that were deleted: activating the version has them computed again.
 */
export async function openRoundArray(
  context: { db: Db; storage: BlobStore },
  projectId: number,
  number: number,
  key: string,
): Promise<{ size: number; bytes: AsyncIterable<Uint8Array> }> {
  const manifest = await readRoundManifest(context, projectId, number);
  if (!namedArrayKeys(manifest).has(key)) {
    throw new AppError("E_NOT_FOUND", `The manifest of round ${number} names no array "${key.slice(0, 200)}".`);
  }
  const stat = await context.storage.stat(key);
  if (!stat) {
    throw new AppError(
      "E_NOT_FOUND",
      `The array "${key}" is not kept any more. Predictions of old model versions are deleted; use model version ${manifest.snapshot.modelVersion} once, and they are computed again.`,
    );
  }
  return { size: stat.size, bytes: context.storage.stream(key) };
}

async function requireRound(db: Db, projectId: number, number: number): Promise<RoundDetailRow> {
  const round = await selectRound(db, projectId, number);
  if (!round) throw new AppError("E_NOT_FOUND", `This project has no round ${number}.`);
  return round;
}
