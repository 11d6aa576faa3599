"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTRPC } from "@/app/_rpc/client";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { JobLine } from "../jobs/JobLine";

const SHOWN = 6;

/** The latest background jobs with live progress. */
export function JobsCard({ projectId, slug, canManage }: { projectId: number; slug: string; canManage: boolean }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.job.list.queryOptions({ projectId, limit: SHOWN }));
  return (
    <Card
      title="What runs in the background?"
      actions={
        <Link className="text-accent-text text-sm underline-offset-2 hover:underline" href={`/p/${slug}/jobs`}>
          All jobs
        </Link>
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data ? (
        data.rows.length === 0 ? (
          <p className="text-ink-2 text-sm">Nothing has run yet.</p>
        ) : (
          <ul className="flex flex-col divide-y divide-line">
            {data.rows.slice(0, SHOWN).map((job) => (
              <JobLine key={job.id} job={job} projectId={projectId} canManage={canManage} />
            ))}
          </ul>
        )
      ) : (
        <SkeletonText lines={6} />
      )}
    </Card>
  );
}
