"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Cog } from "lucide-react";
import { useTRPC } from "@/app/_rpc/client";
import { useLiveProject } from "@/app/_rpc/useLiveProject";
import { Card } from "@/app/_ui/Card";
import { EmptyState } from "@/app/_ui/EmptyState";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { Pager } from "@/app/_ui/Pager";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import { useCursorPages } from "../_dashboard/useCursorPages";
import { JobLine } from "./JobLine";

const PAGE_ROWS = 25;

/** Every background job of the project, newest first. */
export function JobList({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  useLiveProject(project.id);
  const pages = useCursorPages<string>();
  const { data, error, refetch, isFetching } = useQuery({
    ...trpc.job.list.queryOptions({ projectId: project.id, limit: PAGE_ROWS, cursor: pages.cursor }),
    placeholderData: keepPreviousData,
  });
  const canManage = project.myRole !== null && roleAllows(project.myRole, "manage");
  return (
    <Page>
      <PageHeader
        title="Jobs"
        description="Imports, features, training, predictions and refills run in the worker. Each can be stopped and survives a restart."
      />
      <Card>
        {error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : !data ? (
          <SkeletonText lines={8} />
        ) : data.rows.length === 0 ? (
          <EmptyState icon={<Cog aria-hidden="true" size={28} />} title="No jobs yet">
            They appear as soon as items arrive or a model is trained.
          </EmptyState>
        ) : (
          <>
            <ul className="flex flex-col divide-y divide-line">
              {data.rows.map((job) => (
                <JobLine key={job.id} job={job} projectId={project.id} canManage={canManage} />
              ))}
            </ul>
            <Pager
              label="jobs"
              hasPrevious={pages.hasPrevious}
              hasNext={data.nextCursor !== null}
              busy={isFetching}
              onPrevious={pages.previous}
              onNext={() => data.nextCursor !== null && pages.next(data.nextCursor)}
            />
          </>
        )}
      </Card>
    </Page>
  );
}
