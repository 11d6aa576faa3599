"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Download, FileUp, Inbox, SearchX } from "lucide-react";
import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { useLiveProject } from "@/app/_rpc/useLiveProject";
import { ButtonLink } from "@/app/_ui/Button";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { EmptyState } from "@/app/_ui/EmptyState";
import { ErrorState } from "@/app/_ui/ErrorState";
import { formatNumber } from "@/app/_ui/format";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { Pager } from "@/app/_ui/Pager";
import type { ItemPage } from "@/contracts/items";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import type { ItemListState } from "./filterInUrl";
import { readListState, writeListState } from "./filterInUrl";
import { ItemFilters } from "./ItemFilters";
import { ItemTable } from "./ItemTable";
import { SelectionBar } from "./SelectionBar";
import { useItemPages } from "./useItemPages";

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
            {project.myRole !== null && roleAllows(project.myRole, "export") && (
              <ButtonLink href={`/p/${project.slug}/export`} icon={<Download aria-hidden="true" size={15} />}>
                Export
              </ButtonLink>
            )}
            {project.myRole !== null && roleAllows(project.myRole, "ingest") && (
              <ButtonLink href={`/p/${project.slug}/import`} icon={<FileUp aria-hidden="true" size={15} />}>
                Import
              </ButtonLink>
            )}
          </>
        }
      />
      <ItemFilters
        key={`filters ${state.filter.search ?? ""}`}
        project={project}
        state={state}
        onChange={(next) => router.push(`/p/${project.slug}/items?${writeListState(next)}`, { scroll: false })}
      />
      {/* A new list starts at its first page. */}
      <ItemPages key={`pages ${query}`} project={project} state={state} query={query} />
    </Page>
  );
}

function ItemPages({ project, state, query }: { project: ProjectView; state: ItemListState; query: string }) {
  const trpc = useTRPC();
  useLiveProject(project.id);
  const pages = useItemPages(project.slug, query);
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const list = useQuery({
    ...trpc.item.list.queryOptions({ projectId: project.id, ...state, limit: PAGE_ROWS, cursor: pages.cursor }),
    placeholderData: keepPreviousData,
  });
  const count = pages.keepCount(list.isPlaceholderData ? undefined : list.data);
  const nHere = list.data?.rows.filter((item) => selected.has(item.row)).length ?? 0;
  if (list.error) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;
  return (
    <>
      {list.data && list.data.searchReady < 1 && state.filter.search && (
        <Callout className="mb-3">
          The search index is {Math.floor(list.data.searchReady * 100)} % ready: the newest items may be missing here.
        </Callout>
      )}
      <SelectionBar
        project={project}
        rows={[...selected]}
        nHere={nHere}
        onDone={() => {
          setSelected(new Set());
          void list.refetch();
        }}
      />
      <Card padded={false}>
        {list.data && list.data.rows.length === 0 ? (
          <NoItems project={project} isFiltered={Object.keys(state.filter).length > 0 || state.sort !== "row"} />
        ) : (
          <ItemTable page={list.data} project={project} selected={selected} onSelect={setSelected} state={state} />
        )}
      </Card>
      <Pager
        label="items"
        summary={list.data && summaryOf(list.data, pages.pageIndex, count)}
        hasPrevious={pages.hasPrevious}
        hasNext={list.data != null && list.data.nextCursor !== null}
        busy={list.isPlaceholderData}
        onPrevious={pages.previous}
        onNext={() => list.data?.nextCursor && pages.next(list.data.nextCursor)}
      />
    </>
  );
}

function NoItems({ project, isFiltered }: { project: ProjectView; isFiltered: boolean }) {
  const canIngest = project.myRole !== null && roleAllows(project.myRole, "ingest");
  if (isFiltered)
    return (
      <EmptyState icon={<SearchX aria-hidden="true" size={28} />} title="No item matches">
        Take a filter off, or search for other words.
      </EmptyState>
    );
  return (
    <EmptyState
      icon={<Inbox aria-hidden="true" size={28} />}
      title="No items yet"
      action={
        canIngest && (
          <ButtonLink variant="primary" href={`/p/${project.slug}/import`}>
            Import a file
          </ButtonLink>
        )
      }
    >
      Import a file, or send items through the API.
    </EmptyState>
  );
}

function summaryOf(page: ItemPage, pageIndex: number, count: ItemPage["count"]): string {
  if (page.rows.length === 0) return "";
  const from = pageIndex * PAGE_ROWS + 1;
  const to = from + page.rows.length - 1;
  const total = count ? ` of ${count.atLeast ? "more than " : ""}${formatNumber(count.value)}` : "";
  return `${formatNumber(from)}–${formatNumber(to)}${total}`;
}
