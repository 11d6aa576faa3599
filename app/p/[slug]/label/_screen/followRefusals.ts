import type { WireError } from "@/contracts/errors";
import { LABELS_CHANGED } from "@/contracts/queue";
import type { Outbox } from "../_outbox/Outbox";
import type { LabelSession } from "../_session/LabelSession";

function isLabelsChanged(error: WireError | null): boolean {
  return (error?.details as { reason?: unknown } | undefined)?.reason === LABELS_CHANGED;
}

/**
 * Hands what the server refused from the outbox to the session: an answer whose label is gone leaves the outbox and its
 * item comes back to be answered anew; anything else waits for the person's decision. Returns how to stop.
 */
export function followRefusals(
  outbox: Pick<Outbox, "subscribe" | "getSnapshot" | "discard">,
  session: Pick<LabelSession, "refused">,
  projectId: number,
  onLabelsChanged: () => void,
): () => void {
  const returned = new Set<string>();
  return outbox.subscribe(() => {
    for (const { order, submissionId, error, projectId: ofProject } of outbox.getSnapshot().refused) {
      const comesBack = ofProject === projectId && isLabelsChanged(error);
      if (returned.has(submissionId)) continue;
      session.refused(submissionId, comesBack);
      if (!comesBack) continue;
      returned.add(submissionId);
      void outbox.discard(order);
      onLabelsChanged();
    }
  });
}
