"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTRPC } from "@/app/_rpc/client";
import { useLiveProject } from "@/app/_rpc/useLiveProject";
import { Badge } from "@/app/_ui/Badge";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import { AnnotatorsCard } from "./AnnotatorsCard";
import { ClassBalanceCard } from "./ClassBalanceCard";
import { DashboardActions } from "./DashboardActions";
import { JobsCard } from "./JobsCard";
import { LearningCurveCard } from "./LearningCurveCard";
import { OverviewSkeleton, OverviewStats } from "./OverviewStats";
import { RoundsCard } from "./RoundsCard";
import { SelectionWorksCard } from "./SelectionWorksCard";
import { ThroughputCard } from "./ThroughputCard";

const ANNOTATORS_SHOWN = 10;
const LIVE = {
  connecting: { tone: "neutral", text: "Connecting" },
  live: { tone: "good", text: "Live" },
  lost: { tone: "warn", text: "Connection lost, retrying" },
} as const;

/** Where a warning leads. */
const LINK_WORDS: Record<string, string> = {
  jobs: "See the jobs",
  models: "See the model versions",
  rounds: "See the rounds",
};

/** One screen for the lead: where the project stands, whether the model learns, whether selection works, who labels. */
export function Dashboard({ project: initial }: { project: ProjectView }) {
  const trpc = useTRPC();
  const live = useLiveProject(initial.id);
  const { data: project } = useQuery({
    ...trpc.project.get.queryOptions({ projectId: initial.id }),
    initialData: initial,
  });
  const overview = useQuery(trpc.dashboard.overview.queryOptions({ projectId: initial.id }));
  const canManage = project.myRole !== null && roleAllows(project.myRole, "manage");

  return (
    <Page>
      <PageHeader
        title={project.name}
        description={project.description || undefined}
        actions={
          <>
            <span role="status" className="flex items-center">
              <Badge tone={LIVE[live].tone}>{LIVE[live].text}</Badge>
            </span>
            <DashboardActions project={project} overview={overview.data} canManage={canManage} />
          </>
        }
      />
      {overview.error && <ErrorState error={overview.error} onRetry={() => void overview.refetch()} />}
      {overview.data?.warnings.map((warning) => (
        <Callout key={warning.code + warning.message} tone="warn" className="mb-3">
          {warning.message}
          {warning.link && (
            <Link className="ms-2 underline underline-offset-2" href={`/p/${project.slug}/${warning.link}`}>
              {LINK_WORDS[warning.link] ?? "Look"}
            </Link>
          )}
        </Callout>
      ))}
      <Card className="mb-5">
        {overview.data ? <OverviewStats overview={overview.data} slug={project.slug} /> : <OverviewSkeleton />}
      </Card>
      <div className="grid gap-5 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-5">
          <LearningCurveCard project={project} />
          <ThroughputCard projectId={project.id} />
          <RoundsCard projectId={project.id} slug={project.slug} />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <SelectionWorksCard projectId={project.id} slug={project.slug} />
          <ClassBalanceCard projectId={project.id} slug={project.slug} />
          <JobsCard projectId={project.id} slug={project.slug} canManage={canManage} />
        </div>
      </div>
      <AnnotatorsCard projectId={project.id} slug={project.slug} shown={ANNOTATORS_SHOWN} className="mt-5" />
    </Page>
  );
}
