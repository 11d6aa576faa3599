import type { SelectionWorksView } from "@/contracts/dashboards";
import type { Db } from "@/server/db";
import type { PoolScores, RoundEntryRow } from "./dashboards.db";
import { findJudgeableRound, readPoolScores, readRoundEntries, readRoundTrouble, readTask } from "./dashboards.db";
import { measuredShare, quantileSorted, spearman } from "./statistics";
import { wordNotice } from "./wordNotice";

/** Served entries below which the order of serving says little. */
const SERVED_ENOUGH = 10;
const BINS = 20;
/** Serving in order with a few leases in flight at once stays above this. */
const ORDER_OK = 0.8;

/**
 * Whether selection does what it says: scores that differ, entries served in the order they were ranked, few fallbacks,
 * an audit share that is really there. Without `round`: the newest round that the main strategy chose and of which enough
 * has been served; cold start and random rounds prove nothing about it.
 */
export async function readSelectionWorks(db: Db, projectId: number, round?: number): Promise<SelectionWorksView> {
  const task = await readTask(db, projectId);
  const main = task?.main_strategy ?? "random";
  const number = round ?? (await findJudgeableRound(db, projectId, SERVED_ENOUGH, main));
  if (number === null) {
    return {
      round: null,
      strategy: null,
      nServed: 0,
      histogram: [],
      nPool: null,
      spread: null,
      rankCorrelation: null,
      fallbackShare: null,
      auditShare: null,
      verdict: [{ ok: false, message: `No round of the main strategy (${main}) yet: there is nothing to judge.` }],
    };
  }
  const [entries, pool, trouble] = await Promise.all([
    readRoundEntries(db, projectId, number),
    readPoolScores(db, projectId, number),
    readRoundTrouble(db, projectId, number),
  ]);
  return judgeRound(number, entries, task?.audit_share ?? 0, pool, trouble);
}

/** The judgement itself, from the entries of one round (first opinions). Pure. */
export function judgeRound(
  round: number,
  entries: RoundEntryRow[],
  auditTarget: number,
  pool: PoolScores | null = null,
  /** What the round itself says is not as asked; null when it is as asked. */
  trouble: readonly unknown[] | null = null,
): SelectionWorksView {
  const ranked = entries.filter((e) => e.purpose !== "audit");
  const scores = ranked.map((e) => e.score).filter((s): s is number => s !== null);
  const served = entries.filter((e) => e.served_order !== null);
  const servedRanked = ranked.filter((e) => e.served_order !== null);
  const rho = spearman(
    servedRanked.map((e) => e.served_order as number),
    servedRanked.map((e) => e.rank),
  );
  const sorted = [...scores].sort((a, b) => a - b);
  const distinct = new Set(sorted).size;
  const nFallback = entries.filter((e) => e.is_fallback).length;
  const nAudit = entries.length - ranked.length;
  const percentiles = ranked.map((e) => e.percentile).filter((p): p is number => p !== null);
  // Rows that a fallback chose have no place in the ranking, and no score.
  const strategy = ranked.find((e) => !e.is_fallback)?.strategy ?? ranked[0]?.strategy ?? null;
  return {
    round,
    strategy,
    nServed: served.length,
    histogram: histogram(sorted, pool),
    nPool: sorted.length > 0 && pool ? pool.scored : null,
    spread:
      sorted.length === 0
        ? null
        : {
            min: sorted[0],
            q25: quantileSorted(sorted, 0.25),
            median: quantileSorted(sorted, 0.5),
            q75: quantileSorted(sorted, 0.75),
            max: sorted[sorted.length - 1],
            distinct,
          },
    rankCorrelation:
      rho === null
        ? null
        : {
            value: rho,
            lower: null,
            upper: null,
            level: null,
            unit: "rank correlation",
            n: servedRanked.length,
            sample: "ranked entries served in this round",
            method: "Spearman",
          },
    fallbackShare: measuredShare(nFallback, entries.length, "entries of this round"),
    auditShare: measuredShare(nAudit, entries.length, "entries of this round"),
    verdict: verdict({
      strategy,
      trouble: trouble?.map(wordNotice) ?? null,
      nScores: sorted.length,
      distinct,
      medianPercentile:
        percentiles.length === 0
          ? null
          : quantileSorted(
              percentiles.sort((a, b) => a - b),
              0.5,
            ),
      rho,
      nServedRanked: servedRanked.length,
      nFallback,
      nAudit,
      nEntries: entries.length,
      auditTarget,
    }).map(({ ok, message }) => ({ ok, message: `Round ${round}: ${message}` })),
  };
}

/** Bins of the pool's scores where they are known, else of the picks alone. */
function histogram(sorted: number[], pool: PoolScores | null): SelectionWorksView["histogram"] {
  if (sorted.length === 0) return [];
  const [from, to] = pool ? [pool.histogram.lo, pool.histogram.hi] : [sorted[0], sorted[sorted.length - 1]];
  const nBins = pool ? pool.histogram.counts.length : BINS;
  const width = (to - from) / nBins;
  if (width === 0) return [{ from, to, picked: sorted.length, pool: pool?.scored ?? null }];
  const bins = Array.from({ length: nBins }, (_, i) => ({
    from: from + i * width,
    to: from + (i + 1) * width,
    picked: 0,
    pool: pool?.histogram.counts[i] ?? null,
  }));
  for (const s of sorted) bins[Math.min(nBins - 1, Math.max(0, Math.floor((s - from) / width)))].picked++;
  return bins;
}

function verdict(v: {
  strategy: string | null;
  trouble: string[] | null;
  nScores: number;
  distinct: number;
  medianPercentile: number | null;
  rho: number | null;
  nServedRanked: number;
  nFallback: number;
  nAudit: number;
  nEntries: number;
  auditTarget: number;
}): SelectionWorksView["verdict"] {
  const out: SelectionWorksView["verdict"] = [];
  if (v.strategy === "random")
    out.push({ ok: false, message: "drawn at random, so nothing is ranked and there is nothing to judge." });
  else if (v.nScores === 0) out.push({ ok: false, message: "chosen without scores, so the ranking cannot be judged." });
  else
    out.push({
      ok: v.distinct > 1,
      message:
        v.distinct > 1
          ? `scores differ: ${v.distinct} distinct values among ${v.nScores} picks.`
          : "all scores are equal: the strategy ranks nothing.",
    });
  if (v.medianPercentile !== null && v.distinct > 1 && v.strategy !== "random")
    out.push({
      ok: v.medianPercentile > 0.5,
      message: `half of the picks were more worth labelling than ${percentText(v.medianPercentile)} % of the pool.`,
    });
  if (v.strategy !== "random" && v.rho !== null)
    out.push({
      ok: v.rho >= ORDER_OK,
      message: `serving follows the ranking with rank correlation ${v.rho.toFixed(2)} over ${v.nServedRanked} items.`,
    });
  // Not an answer yet, so no tick.
  else if (v.strategy !== "random")
    out.push({ ok: false, message: `only ${v.nServedRanked} ranked items served so far: too few to judge the order.` });
  if (v.trouble !== null) out.push({ ok: false, message: ["not as asked.", ...v.trouble].join(" ") });
  if (v.nFallback > 0) {
    out.push({ ok: false, message: `${v.nFallback} of ${v.nEntries} picks came from a fallback.` });
  } else if (v.trouble === null) out.push({ ok: true, message: "no fallback was used." });
  out.push({
    ok: v.auditTarget === 0 || v.nAudit > 0,
    message: `${v.nAudit} of ${v.nEntries} picks are random audits (${Math.round(v.auditTarget * 100)} % wanted).`,
  });
  return out;
}

/** Percent, rounded down: "more than 99.9 %" must not read as 100. */
function percentText(share: number): string {
  return (Math.floor(share * 1000) / 10).toString();
}
