import type { Db } from "@/server/db";
import { readLabelEvents } from "./dashboards.db";

/** Effective labels per distinct value, and among them those given to audit items. */
export interface LabelTally {
  throughSeq: number;
  /** Canonical JSON of the value → counts. */
  counts: Map<string, { value: unknown; labels: number; audit: number }>;
}

const EVENTS_PER_READ = 50_000;
const TALLIES_KEPT = 64;
const tallies = new Map<number, LabelTally>();

/**
 * Counts effective labels by value. The annotation log is append-only, so the count up to a sequence number never changes:
 * it is kept in memory and only what came since is read. The first call after a start costs O(labels), later ones O(new).
 */
export async function readLabelTally(db: Db, projectId: number): Promise<LabelTally> {
  const known = tallies.get(projectId);
  // A private copy: two requests at once must not both add the same events to one object.
  const tally: LabelTally = {
    throughSeq: known?.throughSeq ?? 0,
    counts: new Map([...(known?.counts ?? [])].map(([key, count]) => [key, { ...count }])),
  };
  for (;;) {
    const events = await readLabelEvents(db, projectId, tally.throughSeq, EVENTS_PER_READ);
    for (const event of events) {
      if (event.kind === "label") add(tally, event.value, event.purpose, 1);
      else if (event.kind === "retract" && event.withdrawn_kind === "label")
        add(tally, event.withdrawn_value, event.withdrawn_purpose ?? "train", -1);
      tally.throughSeq = event.seq;
    }
    if (events.length < EVENTS_PER_READ) break;
  }
  const latest = tallies.get(projectId);
  if (!latest || latest.throughSeq < tally.throughSeq) {
    tallies.delete(projectId);
    tallies.set(projectId, tally);
    if (tallies.size > TALLIES_KEPT) tallies.delete(tallies.keys().next().value as number);
  }
  return tally;
}

function add(tally: LabelTally, value: unknown, purpose: string, by: number): void {
  const key = JSON.stringify(value);
  const count = tally.counts.get(key) ?? { value, labels: 0, audit: 0 };
  count.labels += by;
  if (purpose === "audit") count.audit += by;
  tally.counts.set(key, count);
}

/** Forgets what is kept in memory; for tests that reuse project numbers over several databases. */
export function forgetLabelTallies(): void {
  tallies.clear();
}
