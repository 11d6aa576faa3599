"use client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useTRPC } from "@/app/_rpc/client";
import { Button, ButtonLink } from "@/app/_ui/Button";
import { EmptyState } from "@/app/_ui/EmptyState";
import { ErrorState } from "@/app/_ui/ErrorState";
import { PageHeader } from "@/app/_ui/PageHeader";
import { Skeleton } from "@/app/_ui/Skeleton";
import { LIMITS } from "@/contracts/limits";
import { DemoOffer } from "./DemoOffer";
import { ProjectCard } from "./ProjectCard";

export function Projects({ mayCreate, isAdministrator }: { mayCreate: boolean; isAdministrator: boolean }) {
  const trpc = useTRPC();
  const projects = useInfiniteQuery(
    trpc.project.list.infiniteQueryOptions(
      { limit: LIMITS.projectsPerPage },
      { getNextPageParam: (page) => page.nextCursor ?? undefined },
    ),
  );
  const rows = projects.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      <PageHeader
        title="Projects"
        actions={
          mayCreate && (
            <ButtonLink href="/projects/new" variant="primary" icon={<Plus aria-hidden="true" size={17} />}>
              New project
            </ButtonLink>
          )
        }
      />
      {projects.error && <ErrorState error={projects.error} onRetry={() => void projects.refetch()} />}
      {projects.isPending && <CardSkeletons />}
      {projects.data && rows.length === 0 && (
        <div className="rounded-lg border border-line border-dashed">
          <EmptyState
            title="No projects yet"
            action={mayCreate && <ButtonLink href="/projects/new">New project</ButtonLink>}
          >
            {mayCreate
              ? `Make one for your own data${isAdministrator ? ", or begin with real data below" : ""}.`
              : "You are not a member of any project. A lead can send you an invitation link."}
          </EmptyState>
        </div>
      )}
      {rows.length > 0 && (
        <ul className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">
          {rows.map((project) => (
            <li key={project.id}>
              <ProjectCard project={project} />
            </li>
          ))}
        </ul>
      )}
      {projects.hasNextPage && (
        <div className="mt-5 flex justify-center">
          <Button busy={projects.isFetchingNextPage} onClick={() => void projects.fetchNextPage()}>
            More projects
          </Button>
        </div>
      )}
      <DemoOffer canCreate={isAdministrator} prominent={projects.data !== undefined && rows.length === 0} />
    </>
  );
}

function CardSkeletons() {
  return (
    <div role="status" aria-label="Loading projects" className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">
      {[0, 1, 2].map((i) => (
        <div key={i} className="flex h-46 flex-col gap-3 rounded-lg border border-line bg-surface p-5">
          <Skeleton className="h-5 w-1/2" />
          <Skeleton className="w-5/6" />
          <Skeleton className="mt-auto h-2" />
          <Skeleton className="h-8 w-32" />
        </div>
      ))}
    </div>
  );
}
