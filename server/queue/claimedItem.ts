import type { Purpose, SuggestionView } from "@/contracts/items";
import type { ClaimedItem } from "@/contracts/queue";
import { AppError } from "../errors";
import { getLogger } from "../log";
import { loadSuggestions } from "../prediction";
import type { ClaimedRow } from "./claim.db";
import { readClaimed } from "./claim.db";
import type { QueueContext } from "./queueContext";
import { requireAnnotator } from "./queueContext";

/**
 * Purposes whose answers measure a model. An answer given after seeing what the model thinks leans towards it, and the
 * estimate with it; on items that only train, it costs little.
 */
const MEASURING: ReadonlySet<Purpose> = new Set<Purpose>(["audit", "test", "compare", "gold"]);

/**
 * Claimed rows as the page shows them, with the active model's suggestions. Without where the project hides them, and on
 * items that measure unless the project shows them there too: what must not be seen does not leave the server.
 */
export async function toClaimedItems(ctx: QueueContext, rows: readonly ClaimedRow[]): Promise<ClaimedItem[]> {
  const isShown = (row: ClaimedRow): boolean => ctx.project.suggestOnAudit || !MEASURING.has(row.purpose);
  const suggestions = await readSuggestions(ctx, rows.filter(isShown));
  return rows.map((row) => toClaimedItem(row, suggestions.get(row.row) ?? null));
}

/** The item that the caller holds under this token. @throws E_LEASE when they do not hold it any more. */
export async function readHeldItem(ctx: QueueContext, token: string): Promise<ClaimedItem> {
  const row = await readClaimed(ctx.db, ctx.project.id, requireAnnotator(ctx.actor), token);
  if (!row) {
    throw new AppError("E_LEASE", "You do not hold this item any more. Claim again to get the next one.");
  }
  return (await toClaimedItems(ctx, [row]))[0];
}

async function readSuggestions(
  ctx: QueueContext,
  rows: readonly ClaimedRow[],
): Promise<ReadonlyMap<number, SuggestionView>> {
  const { db, storage, project } = ctx;
  if (rows.length === 0 || project.suggestionPolicy === "hide" || project.activeModelVersion === null) return new Map();
  try {
    return await loadSuggestions(
      db,
      storage,
      project.id,
      rows.map((row) => row.row),
    );
  } catch (error) {
    // The leases are taken: items without suggestions can be labelled, items that never arrive could not.
    getLogger({ part: "queue" }).warn("no suggestions for a claim", { projectId: project.id, error });
    return new Map();
  }
}

function toClaimedItem(row: ClaimedRow, suggestion: SuggestionView | null): ClaimedItem {
  return {
    row: row.row,
    externalId: row.external_id,
    content: row.content,
    leaseToken: row.lease_token,
    leaseExpiresAt: row.lease_expires_at.toISOString(),
    served: {
      round: row.round,
      strategy: row.strategy,
      purpose: row.purpose,
      rank: row.rank,
      score: row.score,
      percentile: row.percentile,
      inclusion: row.inclusion,
      modelVersion: row.model_version,
      isFallback: row.is_fallback,
      reason: row.reason,
    },
    suggestion,
    draft: row.draft,
    ...(row.previous_value === null ? {} : { previousValue: row.previous_value }),
    nearCopies: row.near_copies,
  };
}
