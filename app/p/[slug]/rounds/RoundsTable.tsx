"use client";
import Link from "next/link";
import { Badge } from "@/app/_ui/Badge";
import { formatNumber, formatSeconds } from "@/app/_ui/format";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import type { RoundRow } from "@/contracts/dashboards";
import { useStrategyTitles } from "../_dashboard/useStrategyTitles";

const TRIGGERS: Record<string, string> = {
  model: "new model",
  strategyChange: "strategy changed",
  newItems: "new items",
  lowQueue: "queue ran low",
  start: "project start",
  manual: "asked for",
};

const STATUS_WORDS: Record<string, string> = { degraded: "not as asked", empty: "nothing to choose" };

/** Rounds with what they looked at, what they picked and how long it took. */
export function RoundsTable({
  rows,
  projectId,
  slug,
  brief = false,
}: {
  rows: RoundRow[];
  projectId: number;
  slug: string;
  brief?: boolean;
}) {
  const titleOf = useStrategyTitles(projectId);
  return (
    <Table label="Rounds">
      <THead>
        <Th numeric>Round</Th>
        <Th>Strategy</Th>
        <Th>Because</Th>
        <Th numeric>Picked</Th>
        {!brief && <Th numeric>Out of</Th>}
        <Th numeric>Labelled</Th>
        {!brief && <Th numeric>Scores</Th>}
        {!brief && <Th numeric>Model</Th>}
        <Th numeric>Took</Th>
        {!brief && <Th numeric>After the label</Th>}
        <Th>When</Th>
        {!brief && <Th>Replay</Th>}
      </THead>
      <TBody>
        {rows.map((r) => (
          <Tr key={r.number}>
            <Td numeric>
              <Link
                className="text-accent-text underline-offset-2 hover:underline"
                href={`/p/${slug}/items?round=${r.number}`}
                aria-label={`Items of round ${r.number}`}
              >
                {r.number}
              </Link>
            </Td>
            <Td className="min-w-36">
              {titleOf(r.strategy)}
              {r.status !== "ok" && (
                <Badge tone="warn" className="ms-2">
                  {STATUS_WORDS[r.status] ?? r.status}
                </Badge>
              )}
              {!brief && r.warnings.length > 0 && (
                <span className="block max-w-80 text-ink-3 text-xs">{r.warnings.join(" ")}</span>
              )}
            </Td>
            <Td className="whitespace-nowrap">{TRIGGERS[r.trigger] ?? r.trigger}</Td>
            <Td numeric>
              {formatNumber(r.nPicked)}
              {r.nFallback > 0 && <span className="block text-warn text-xs">{r.nFallback} by fallback</span>}
            </Td>
            {!brief && <Td numeric>{formatNumber(r.nCandidates)}</Td>}
            <Td numeric>
              {r.nLabelled === 0 ? (
                0
              ) : (
                <Link
                  className="text-accent-text underline-offset-2 hover:underline"
                  href={`/p/${slug}/items?round=${r.number}&labelled=true`}
                  aria-label={`${formatNumber(r.nLabelled)} labelled items of round ${r.number}`}
                >
                  {formatNumber(r.nLabelled)}
                </Link>
              )}
            </Td>
            {!brief && (
              <Td numeric>
                {r.score ? (
                  <span title={`Smallest, median ${short(r.score.median)}, largest`} className="whitespace-nowrap">
                    {short(r.score.min)} – {short(r.score.max)}
                    <span className="block text-ink-3 text-xs">median {short(r.score.median)}</span>
                  </span>
                ) : (
                  "–"
                )}
              </Td>
            )}
            {!brief && <Td numeric>{r.modelVersion === null ? "–" : `v${r.modelVersion}`}</Td>}
            <Td numeric className="whitespace-nowrap">
              {formatSeconds(r.durationMs / 1000)}
            </Td>
            {!brief && (
              <Td numeric className="whitespace-nowrap">
                {r.secondsFromLabel === null ? "–" : formatSeconds(r.secondsFromLabel)}
              </Td>
            )}
            <Td className="whitespace-nowrap">
              <RelativeTime iso={r.finishedAt} />
            </Td>
            {!brief && (
              <Td>
                <ManifestLink projectId={projectId} round={r.number} />
              </Td>
            )}
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

function short(score: number): string {
  return String(Number(score.toPrecision(3)));
}

function ManifestLink({ projectId, round }: { projectId: number; round: number }) {
  return (
    <a
      className="text-accent-text underline-offset-2 hover:underline"
      href={`/api/v1/projects/${projectId}/rounds/${round}/manifest`}
      aria-label={`Manifest of round ${round}`}
    >
      Manifest
    </a>
  );
}
