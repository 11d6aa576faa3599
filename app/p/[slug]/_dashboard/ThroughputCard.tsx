"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ThroughputChart } from "@/app/_charts/ThroughputChart";
import { useTRPC } from "@/app/_rpc/client";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Select } from "@/app/_ui/Select";
import { Skeleton } from "@/app/_ui/Skeleton";

const SPANS = [
  { value: "1", label: "Last hour" },
  { value: "24", label: "Last day" },
  { value: "168", label: "Last week" },
  { value: "720", label: "Last 30 days" },
] as const;

export function ThroughputCard({ projectId }: { projectId: number }) {
  const trpc = useTRPC();
  const [hours, setHours] = useState<(typeof SPANS)[number]["value"]>("1");
  const { data, error, refetch } = useQuery({
    ...trpc.dashboard.throughput.queryOptions({ projectId, hours: Number(hours) }),
    placeholderData: keepPreviousData,
  });
  return (
    <Card
      title="How fast does it go?"
      actions={
        <Select aria-label="Period" size="sm" className="w-36" options={SPANS} value={hours} onValueChange={setHours} />
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <ThroughputChart throughput={data} />
      ) : (
        <Skeleton className="h-64 w-full" />
      )}
    </Card>
  );
}
