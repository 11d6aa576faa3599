"use client";
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, TriangleAlert } from "lucide-react";
import { ScoreHistogram } from "@/app/_charts/ScoreHistogram";
import { useTRPC } from "@/app/_rpc/client";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Skeleton } from "@/app/_ui/Skeleton";
import { MeasuredStat } from "@/app/_ui/Stat";
import { useStrategy } from "./useStrategyTitles";

/** Evidence, round by round, that served items are the ones the strategy ranked first. */
export function SelectionWorksCard({ projectId, slug, round }: { projectId: number; slug: string; round?: number }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.dashboard.selectionWorks.queryOptions({ projectId, round }));
  const strategy = useStrategy(projectId, data?.strategy ?? null);
  const itemsOf = data?.round == null ? undefined : `/p/${slug}/items?round=${data.round}`;
  return (
    <Card title="Does selection work?">
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <div className="flex flex-col gap-4">
          <ul className="flex flex-col gap-1.5 text-sm">
            {data.verdict.map((line) => (
              <li key={line.message} className="flex items-start gap-2">
                {line.ok ? (
                  <CircleCheck role="img" aria-label="Good" size={16} className="mt-0.5 shrink-0 text-good" />
                ) : (
                  <TriangleAlert role="img" aria-label="Look at this" size={16} className="mt-0.5 shrink-0 text-warn" />
                )}
                {line.message}
              </li>
            ))}
          </ul>
          <ScoreHistogram view={data} better={strategy?.score.better ?? null} />
          {data.round !== null && (
            <div className="grid grid-cols-2 gap-4">
              <MeasuredStat label="Order follows rank" measured={data.rankCorrelation} href={itemsOf} />
              <MeasuredStat label="Served by fallback" measured={data.fallbackShare} href={itemsOf} />
            </div>
          )}
        </div>
      ) : (
        <Skeleton className="h-108 w-full" />
      )}
    </Card>
  );
}
