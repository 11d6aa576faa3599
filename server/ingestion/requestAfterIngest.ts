import type { Clock } from "../clock";
import type { Tx } from "../db";
import { requestJob } from "../jobs";

/** Asks for what new items need before people can find and be served them: search index, then features and a refill. */
export async function requestAfterIngest(tx: Tx, clock: Clock, projectId: number): Promise<void> {
  await requestJob(tx, clock, { kind: "items.index", payload: { projectId } });
  await requestJob(tx, clock, { kind: "features.build", payload: { projectId } });
}
