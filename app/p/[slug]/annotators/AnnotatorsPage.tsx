"use client";
import { useLiveProject } from "@/app/_rpc/useLiveProject";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import type { ProjectView } from "@/contracts/project";
import { AnnotatorsCard } from "../_dashboard/AnnotatorsCard";
import { ThroughputCard } from "../_dashboard/ThroughputCard";

export function AnnotatorsPage({ project }: { project: ProjectView }) {
  useLiveProject(project.id);
  return (
    <Page>
      <PageHeader title="Annotators" description="Pace, agreement and what each person holds right now." />
      <AnnotatorsCard projectId={project.id} slug={project.slug} />
      <div className="mt-5">
        <ThroughputCard projectId={project.id} />
      </div>
    </Page>
  );
}
