"use client";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { Import, SearchX } from "lucide-react";
import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { useLiveProject } from "@/app/_rpc/useLiveProject";
import { Button, ButtonLink } from "@/app/_ui/Button";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { EmptyState } from "@/app/_ui/EmptyState";
import { ErrorState } from "@/app/_ui/ErrorState";
import { countOf, formatNumber } from "@/app/_ui/format";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { Pager } from "@/app/_ui/Pager";
import { useNotifier } from "@/app/_ui/Toast";
import type { ItemPage } from "@/contracts/items";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import { useCursorPages } from "../_dashboard/useCursorPages";
import type { ItemListState } from "./filterInUrl";
import { readListState, writeListState } from "./filterInUrl";
import { ItemFilters } from "./ItemFilters";
import { ItemTable } from "./ItemTable";

const PAGE_ROWS = 50;

/** Every item of the project: searched, filtered and sorted on the server, a page at a time, state in the address. */
export function ItemBrowser({ project }: { project: ProjectView }) {
  const router = useRouter();
  const params = useSearchParams();
  const state = readListState(new URLSearchParams(params));
  const query = writeListState(state);
  return (
    <Page>
      <PageHeader
        title="Items"
        description="Everything in the pool, with its labels and why it was served."
        actions={
          <>
            <ButtonLink href={`/p/${project.slug}/export`}>Export</ButtonLink>
            {project.myRole !== null && roleAllows(project.myRole, "ingest") && (
              <ButtonLink href={`/p/${project.slug}/import`} icon={<Import aria-hidden="true" size={15} />}>
                Import
              </ButtonLink>
            )}
          </>
        }
      />
      <ItemFilters
        key={state.filter.search ?? ""}
        project={project}
        state={state}
        onChange={(next) => router.replace(`/p/${project.slug}/items?${writeListState(next)}`, { scroll: false })}
      />
      {/* A new list starts at its first page. */}
      <ItemPages key={query} project={project} state={state} />
    </Page>
  );
}

function ItemPages({ project, state }: { project: ProjectView; state: ItemListState }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  useLiveProject(project.id);
  const pages = useCursorPages<string>();
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const list = useQuery({
    ...trpc.item.list.queryOptions({ projectId: project.id, ...state, limit: PAGE_ROWS, cursor: pages.cursor }),
    placeholderData: keepPreviousData,
  });
  const done = (message: string) => {
    notify(message);
    setSelected(new Set());
    void list.refetch();
  };
  const setStatus = useMutation(
    trpc.item.setStatus.mutationOptions({
      onSuccess: (_, input) => done(`${countOf(input.rows.length, "item")} set to ${input.status}.`),
      onError: (e) => notify(errorMessage(e), { tone: "bad" }),
    }),
  );
  const remove = useMutation(trpc.ingest.deleteItems.mutationOptions());
  const rows = [...selected];
  const role = project.myRole;

  if (list.error) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;
  return (
    <>
      {list.data && list.data.searchReady < 1 && state.filter.search && (
        <Callout className="mb-3">
          The search index is {Math.floor(list.data.searchReady * 100)} % ready: the newest items may be missing here.
        </Callout>
      )}
      {selected.size > 0 && role !== null && (
        <div className="mb-3 flex flex-wrap items-center gap-2 rounded-md border border-accent-line bg-accent-soft px-3.5 py-2.5">
          <span className="font-[550] text-sm">{countOf(selected.size, "item")} chosen</span>
          {roleAllows(role, "review") && (
            <>
              <Button
                size="sm"
                busy={setStatus.isPending}
                onClick={() => setStatus.mutate({ projectId: project.id, rows, status: "excluded" })}
              >
                Exclude
              </Button>
              <Button
                size="sm"
                busy={setStatus.isPending}
                onClick={() => setStatus.mutate({ projectId: project.id, rows, status: "open" })}
              >
                Reopen
              </Button>
            </>
          )}
          {roleAllows(role, "ingest") && (
            <ConfirmDialog
              title={`Delete ${countOf(selected.size, "item")}?`}
              action="Delete"
              tone="danger"
              trigger={<Button size="sm">Delete</Button>}
              onConfirm={async () => {
                await remove.mutateAsync({ projectId: project.id, rows });
                done(`${countOf(rows.length, "item")} deleted.`);
              }}
            >
              Their content is removed for good. Annotations stay in the log.
            </ConfirmDialog>
          )}
          <Button size="sm" variant="ghost" onClick={() => setSelected(new Set())}>
            Clear
          </Button>
        </div>
      )}
      <Card padded={false}>
        {list.data && list.data.rows.length === 0 ? (
          <EmptyState icon={<SearchX aria-hidden="true" size={28} />} title="Nothing here">
            {Object.keys(state.filter).length > 0
              ? "No item matches these filters."
              : "The project has no items yet. Import a file or send them through the API."}
          </EmptyState>
        ) : (
          <ItemTable page={list.data} project={project} selected={selected} onSelect={setSelected} state={state} />
        )}
      </Card>
      <Pager
        label="items"
        summary={list.data && summaryOf(list.data, pages.pageIndex)}
        hasPrevious={pages.hasPrevious}
        hasNext={list.data != null && list.data.nextCursor !== null}
        busy={list.isFetching}
        onPrevious={pages.previous}
        onNext={() => list.data?.nextCursor && pages.next(list.data.nextCursor)}
      />
    </>
  );
}

function summaryOf(page: ItemPage, pageIndex: number): string {
  if (page.rows.length === 0) return "";
  const from = pageIndex * PAGE_ROWS + 1;
  const to = from + page.rows.length - 1;
  const total = page.count ? ` of ${page.count.atLeast ? "more than " : ""}${formatNumber(page.count.value)}` : "";
  return `${formatNumber(from)}–${formatNumber(to)}${total}`;
}
