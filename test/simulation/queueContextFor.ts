import { randomUUID } from "node:crypto";
import type { ClaimedItem, ClaimResult, SubmitResult } from "@/contracts/queue";
import type { Submission } from "@/server/annotation";
import { submitAnnotation } from "@/server/annotation";
import type { Clock } from "@/server/clock";
import type { Pool } from "@/server/db";
import { loadProject } from "@/server/projects";
import type { QueueContext } from "@/server/queue";
import { claimNext } from "@/server/queue";
import type { BlobStore } from "@/server/storage";
import type { MadeUser } from "../harness/factories";

export interface QueueWorld {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
}

/** What the queue's services are given when this person calls, with the project's row as it is now. */
export async function queueContextFor(
  world: QueueWorld,
  projectId: number,
  user: Pick<MadeUser, "id" | "name">,
): Promise<QueueContext> {
  return {
    db: world.db,
    clock: world.clock,
    storage: world.storage,
    actor: { kind: "user", id: user.id, name: user.name, role: "member" },
    project: await loadProject(world.db, projectId),
    frozenAt: null,
  };
}

export const TAB = "tab-1";

export function claim(ctx: QueueContext, n: number, tab = TAB): Promise<ClaimResult> {
  return claimNext(ctx, { tab, n });
}

/** A label of an item that was claimed, under a new submission id unless one is given. */
export function labelOf(
  item: Pick<ClaimedItem, "row" | "leaseToken">,
  choice: string,
  submissionId?: string,
): Submission {
  return {
    submissionId: submissionId ?? randomUUID(),
    leaseToken: item.leaseToken,
    row: item.row,
    kind: "label",
    value: { choice },
    suggestionShown: false,
  };
}

export function skipOf(item: Pick<ClaimedItem, "row" | "leaseToken">, reason?: string): Submission {
  return { ...labelOf(item, ""), kind: "skip", value: undefined, reason };
}

export function label(
  ctx: QueueContext,
  item: Pick<ClaimedItem, "row" | "leaseToken">,
  choice: string,
): Promise<SubmitResult> {
  return submitAnnotation(ctx, labelOf(item, choice));
}
