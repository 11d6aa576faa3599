import type { LdmRoundView } from "@/contracts/acquisition";
import type { Db } from "@/server/db";
import { readSummaries } from "./strategyPages.db";

/** Rounds that the page shows. */
const ROUNDS_MAX = 30;

/** How the flip-flop score lay over the pool in the newest rounds that used it, newest first. */
export async function readLdm(db: Db, projectId: number): Promise<LdmRoundView[]> {
  const rows = await readSummaries(db, projectId, "ldm", ROUNDS_MAX);
  return rows.map(({ number, summary, strategy }) => {
    const { counts } = summary.histogram;
    const total = Math.max(1, summary.scored);
    return {
      round: number,
      strategy: strategy ?? "ldm-s",
      scored: summary.scored,
      histogram: { lo: summary.histogram.lo, hi: summary.histogram.hi, counts: [...counts] },
      shareLowest: summary.facts?.shareAtZero ?? (counts[0] ?? 0) / total,
      shareHighest: summary.facts?.shareAtOne ?? (counts.at(-1) ?? 0) / total,
      facts: summary.facts ?? {},
    };
  });
}
