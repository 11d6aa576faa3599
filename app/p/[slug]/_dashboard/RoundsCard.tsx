"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTRPC } from "@/app/_rpc/client";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { RoundsTable } from "../rounds/RoundsTable";
import { MainProgress } from "./MainProgress";

const SHOWN = 6;

export function RoundsCard({ projectId, slug }: { projectId: number; slug: string }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.dashboard.rounds.queryOptions({ projectId, limit: SHOWN }));
  return (
    <Card
      title="What was chosen lately?"
      padded={false}
      actions={
        <Link className="text-accent-text text-sm underline-offset-2 hover:underline" href={`/p/${slug}/rounds`}>
          All rounds
        </Link>
      }
    >
      <div className="px-2 pb-3">
        <div className="px-3 pb-2">
          <MainProgress projectId={projectId} />
        </div>
        {error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : !data ? (
          <div className="px-3 pb-3">
            <SkeletonText lines={8} />
          </div>
        ) : data.rows.length === 0 ? (
          <p className="px-3 pb-2 text-ink-2 text-sm">The queue has not been filled yet.</p>
        ) : (
          <RoundsTable rows={data.rows} projectId={projectId} slug={slug} brief />
        )}
      </div>
    </Card>
  );
}
