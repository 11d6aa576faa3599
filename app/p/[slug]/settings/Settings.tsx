"use client";
import { useQuery } from "@tanstack/react-query";
import { useRouter, useSearchParams } from "next/navigation";
import { useTRPC } from "@/app/_rpc/client";
import { useLiveProject } from "@/app/_rpc/useLiveProject";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { Tabs } from "@/app/_ui/Tabs";
import type { ProjectView } from "@/contracts/project";
import { ApiKeysPanel } from "./ApiKeysPanel";
import { AuditLogPanel } from "./AuditLogPanel";
import { DangerPanel } from "./DangerPanel";
import { GeneralPanel } from "./GeneralPanel";
import { GuidelinesPanel } from "./GuidelinesPanel";
import { LabelsPanel } from "./LabelsPanel";
import { ModelPanel } from "./ModelPanel";
import { PeoplePanel } from "./PeoplePanel";
import { StrategyPanel } from "./StrategyPanel";

/** Everything a lead can set, a tab each; the tab stands in the address. */
export function Settings({ project: initial }: { project: ProjectView }) {
  const trpc = useTRPC();
  const router = useRouter();
  const params = useSearchParams();
  useLiveProject(initial.id);
  const { data: project } = useQuery({
    ...trpc.project.get.queryOptions({ projectId: initial.id }),
    initialData: initial,
  });
  const tabs = [
    { value: "general", label: "General", content: <GeneralPanel project={project} /> },
    { value: "labels", label: "Labels", content: <LabelsPanel project={project} /> },
    { value: "guidelines", label: "Guidelines", content: <GuidelinesPanel project={project} /> },
    { value: "strategy", label: "Strategy", content: <StrategyPanel project={project} /> },
    { value: "model", label: "Model", content: <ModelPanel project={project} /> },
    { value: "people", label: "People", content: <PeoplePanel project={project} /> },
    { value: "keys", label: "API keys", content: <ApiKeysPanel project={project} /> },
    { value: "log", label: "Audit log", content: <AuditLogPanel project={project} /> },
    { value: "danger", label: "Delete", content: <DangerPanel project={project} /> },
  ];
  const wanted = params.get("tab");
  return (
    <Page>
      <PageHeader title="Settings" />
      <Tabs
        label="Settings"
        tabs={tabs}
        value={tabs.some((t) => t.value === wanted) ? (wanted as string) : "general"}
        onValueChange={(tab) => router.replace(`/p/${project.slug}/settings?tab=${tab}`, { scroll: false })}
      />
    </Page>
  );
}
