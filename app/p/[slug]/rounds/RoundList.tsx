"use client";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { ListOrdered, RefreshCw } from "lucide-react";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { useLiveProject } from "@/app/_rpc/useLiveProject";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { EmptyState } from "@/app/_ui/EmptyState";
import { ErrorState } from "@/app/_ui/ErrorState";
import { countOf } from "@/app/_ui/format";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { Pager } from "@/app/_ui/Pager";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import { useNotifier } from "@/app/_ui/Toast";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import { MainProgress } from "../_dashboard/MainProgress";
import { SelectionWorksCard } from "../_dashboard/SelectionWorksCard";
import { useCursorPages } from "../_dashboard/useCursorPages";
import { RoundsTable } from "./RoundsTable";

const PAGE_ROWS = 25;

/** All rounds, what is being held right now, and the evidence that serving follows the ranking. */
export function RoundList({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  useLiveProject(project.id);
  const pages = useCursorPages<number>();
  const { data, error, refetch, isFetching } = useQuery({
    ...trpc.dashboard.rounds.queryOptions({ projectId: project.id, limit: PAGE_ROWS, cursor: pages.cursor }),
    placeholderData: keepPreviousData,
  });
  const refill = useMutation(
    trpc.queue.refill.mutationOptions({
      onSuccess: () => notify("A refill is queued."),
      onError: (e) => notify(errorMessage(e), { tone: "bad" }),
    }),
  );
  const canManage = project.myRole !== null && roleAllows(project.myRole, "manage");
  return (
    <Page>
      <PageHeader
        title="Rounds"
        description="Each round is one run of the acquisition strategy. Its manifest replays it byte for byte: npm run --silent winnow -- replay."
        actions={
          canManage && (
            <Button
              icon={<RefreshCw aria-hidden="true" size={15} />}
              busy={refill.isPending}
              onClick={() => refill.mutate({ projectId: project.id })}
            >
              Refill the queue now
            </Button>
          )
        }
      />
      <div className="flex flex-col gap-5">
        <MainProgress projectId={project.id} />
        <Card padded={false}>
          <div className="p-2">
            {error ? (
              <ErrorState error={error} onRetry={() => void refetch()} />
            ) : !data ? (
              <SkeletonText lines={10} />
            ) : data.rows.length === 0 ? (
              <EmptyState icon={<ListOrdered aria-hidden="true" size={28} />} title="No rounds yet">
                The first one runs as soon as there are items with features.
              </EmptyState>
            ) : (
              <>
                <RoundsTable rows={data.rows} projectId={project.id} slug={project.slug} />
                <Pager
                  label="rounds"
                  hasPrevious={pages.hasPrevious}
                  hasNext={data.nextCursor !== null}
                  busy={isFetching}
                  onPrevious={pages.previous}
                  onNext={() => data.nextCursor !== null && pages.next(data.nextCursor)}
                />
              </>
            )}
          </div>
        </Card>
        <div className="grid gap-5 lg:grid-cols-2">
          <SelectionWorksCard projectId={project.id} slug={project.slug} />
          {canManage && <LeasesCard projectId={project.id} />}
        </div>
      </div>
    </Page>
  );
}

/** Who holds how many items, and until when. */
function LeasesCard({ projectId }: { projectId: number }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const { data, error, refetch } = useQuery(trpc.queue.status.queryOptions({ projectId }));
  const release = useMutation(
    trpc.queue.releaseAll.mutationOptions({
      onSuccess: ({ released }) => {
        notify(`${countOf(released, "lease")} taken back.`);
        void refetch();
      },
      onError: (e) => notify(errorMessage(e), { tone: "bad" }),
    }),
  );
  return (
    <Card
      title="Who holds what?"
      description={
        data && `${countOf(data.open, "entry", "entries")} open, ${data.leased} leased, generation ${data.generation}.`
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <SkeletonText />
      ) : data.leases.length === 0 ? (
        <p className="text-ink-2 text-sm">Nobody holds an item right now.</p>
      ) : (
        <Table label="Leases">
          <THead>
            <Th>Annotator</Th>
            <Th numeric>Items</Th>
            <Th>Oldest</Th>
            <Th>Next expiry</Th>
            <Th>
              <span className="sr-only">Action</span>
            </Th>
          </THead>
          <TBody>
            {data.leases.map((lease) => (
              <Tr key={`${lease.userId}/${lease.tab}`}>
                <Td>{lease.userName}</Td>
                <Td numeric>{lease.count}</Td>
                <Td>
                  <RelativeTime iso={lease.oldestAt} />
                </Td>
                <Td>
                  <RelativeTime iso={lease.nextExpiryAt} />
                </Td>
                <Td>
                  <Button
                    size="sm"
                    busy={release.isPending}
                    aria-label={`Release the items of ${lease.userName}`}
                    onClick={() => release.mutate({ projectId, userId: lease.userId })}
                  >
                    Release
                  </Button>
                </Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      )}
    </Card>
  );
}
