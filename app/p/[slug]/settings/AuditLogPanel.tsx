"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/app/_rpc/client";
import { AuditLogTable } from "@/app/_ui/AuditLogTable";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Pager } from "@/app/_ui/Pager";
import { SkeletonText } from "@/app/_ui/Skeleton";
import type { ProjectView } from "@/contracts/project";
import { useCursorPages } from "../_dashboard/useCursorPages";

export function AuditLogPanel({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const pages = useCursorPages<string>();
  const log = useQuery({
    ...trpc.auditLog.list.queryOptions({ projectId: project.id, cursor: pages.cursor }),
    placeholderData: keepPreviousData,
  });
  if (log.error) return <ErrorState error={log.error} onRetry={() => void log.refetch()} />;
  return (
    <Card title="What leads and keys did" description="Nothing in this list can be changed or removed." padded={false}>
      <div className="px-2 pb-3">
        {log.data ? <AuditLogTable rows={log.data.rows} /> : <SkeletonText lines={6} />}
        <Pager
          label="entries"
          hasPrevious={pages.hasPrevious}
          hasNext={log.data != null && log.data.nextCursor !== null}
          busy={log.isFetching}
          onPrevious={pages.previous}
          onNext={() => log.data?.nextCursor && pages.next(log.data.nextCursor)}
        />
      </div>
    </Card>
  );
}
