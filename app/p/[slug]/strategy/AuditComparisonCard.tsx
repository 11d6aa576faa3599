"use client";
import { useQuery } from "@tanstack/react-query";
import { AuditComparisonChart } from "@/app/_charts/AuditComparisonChart";
import { useTRPC } from "@/app/_rpc/client";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { countOf } from "@/app/_ui/format";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { MeasuredStat } from "@/app/_ui/Stat";

/** The strategy's own picks beside the random audits of the same rounds. */
export function AuditComparisonCard({ projectId }: { projectId: number }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.strategy.auditComparison.queryOptions({ projectId }));
  return (
    <Card
      title="What the strategy brings"
      description={
        data
          ? `${countOf(data.nStrategy, "label")} on its picks, ${countOf(data.nAudit, "label")} on items drawn at random in the same rounds.`
          : undefined
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <SkeletonText lines={8} />
      ) : (
        <div className="flex flex-col gap-6">
          <AuditComparisonChart view={data} />
          <div className="grid gap-4 sm:grid-cols-2">
            <MeasuredStat
              label="Model contradicted on the strategy's picks"
              measured={data?.modelError.strategy ?? null}
            />
            <MeasuredStat label="Model contradicted on audits" measured={data?.modelError.audit ?? null} />
          </div>
          <p className="max-w-prose text-ink-2 text-sm">
            A strategy that looks for what the model does not know is contradicted more often on its picks than on
            audits; one that balances classes finds more of the rare ones. Where the intervals overlap, nothing is shown
            yet. The audits alone say how good the model is.
          </p>
        </div>
      )}
    </Card>
  );
}
