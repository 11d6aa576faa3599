"use client";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { ClassBalanceChart } from "@/app/_charts/ClassBalanceChart";
import { useTRPC } from "@/app/_rpc/client";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Skeleton } from "@/app/_ui/Skeleton";

export function ClassBalanceCard({ projectId, slug }: { projectId: number; slug: string }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.dashboard.classBalance.queryOptions({ projectId }));
  const hrefOf = useCallback((label: string) => `/p/${slug}/items?label=${encodeURIComponent(label)}`, [slug]);
  return (
    <Card title="Which classes come up?">
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <ClassBalanceChart rows={data} hrefOf={hrefOf} />
      ) : (
        <Skeleton className="h-72 w-full" />
      )}
    </Card>
  );
}
