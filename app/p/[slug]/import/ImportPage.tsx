"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { useLiveProject } from "@/app/_rpc/useLiveProject";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { Pager } from "@/app/_ui/Pager";
import { SkeletonText } from "@/app/_ui/Skeleton";
import type { ImportPreview } from "@/contracts/ingestion";
import type { ProjectView } from "@/contracts/project";
import { useCursorPages } from "../_dashboard/useCursorPages";
import { ImportRunLine } from "./ImportRunLine";
import { MappingForm } from "./MappingForm";
import { UploadCard } from "./UploadCard";

/** From a file to items: upload, look at what was understood, start, watch. */
export function ImportPage({ project }: { project: ProjectView }) {
  useLiveProject(project.id);
  const [preview, setPreview] = useState<ImportPreview | null>(null);
  return (
    <Page>
      <PageHeader
        title="Import"
        description="CSV, TSV, JSON or JSON Lines, gzip-compressed or not, up to 4 GiB. The file is stored first; reading it goes on after a restart."
      />
      <div className="flex flex-col gap-5">
        {preview ? (
          <MappingForm
            key={preview.uploadId}
            project={project}
            preview={preview}
            onPreview={setPreview}
            onDone={() => setPreview(null)}
          />
        ) : (
          <UploadCard projectId={project.id} onPreview={setPreview} />
        )}
        <RunsCard project={project} />
      </div>
    </Page>
  );
}

function RunsCard({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const pages = useCursorPages<string>();
  const runs = useQuery({
    ...trpc.imports.list.queryOptions({ projectId: project.id, cursor: pages.cursor }),
    placeholderData: keepPreviousData,
  });
  return (
    <Card title="Imports of this project">
      {runs.error ? (
        <ErrorState error={runs.error} onRetry={() => void runs.refetch()} />
      ) : !runs.data ? (
        <SkeletonText lines={3} />
      ) : runs.data.rows.length === 0 ? (
        <p className="text-ink-2 text-sm">No file has been imported yet.</p>
      ) : (
        <>
          <ul className="flex flex-col divide-y divide-line">
            {runs.data.rows.map((run) => (
              <ImportRunLine key={run.number} run={run} project={project} />
            ))}
          </ul>
          <Pager
            label="imports"
            hasPrevious={pages.hasPrevious}
            hasNext={runs.data.nextCursor !== null}
            busy={runs.isFetching}
            onPrevious={pages.previous}
            onNext={() => runs.data.nextCursor !== null && pages.next(runs.data.nextCursor)}
          />
        </>
      )}
    </Card>
  );
}
