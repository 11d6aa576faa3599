"use client";
import { useQuery } from "@tanstack/react-query";
import { useRouter, useSearchParams } from "next/navigation";
import { useTRPC } from "@/app/_rpc/client";
import { useLiveProject } from "@/app/_rpc/useLiveProject";
import { ButtonLink } from "@/app/_ui/Button";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import type { TabSpec } from "@/app/_ui/Tabs";
import { Tabs } from "@/app/_ui/Tabs";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import { useStrategyTitles } from "../_dashboard/useStrategyTitles";
import { AuditComparisonCard } from "./AuditComparisonCard";
import { LdmTab } from "./LdmTab";
import { TailorTab } from "./TailorTab";

const LDM_IDS = ["ldm", "ldm-s"];

/** What the strategy does for this project: beside random audits always, and the inside of strategies that have one. */
export function StrategyInsight({ project: initial }: { project: ProjectView }) {
  const trpc = useTRPC();
  const router = useRouter();
  const params = useSearchParams();
  useLiveProject(initial.id);
  const { data: project } = useQuery({
    ...trpc.project.get.queryOptions({ projectId: initial.id }),
    initialData: initial,
  });
  const titleOf = useStrategyTitles(project.id);
  const tailor = useQuery(trpc.strategy.tailor.queryOptions({ projectId: project.id }));
  const ldm = useQuery(trpc.strategy.ldm.queryOptions({ projectId: project.id }));
  const main = project.strategy.main.id;
  const wanted = params.get("tab");
  const tabs: TabSpec[] = [
    { value: "audit", label: "Against random audits", content: <AuditComparisonCard projectId={project.id} /> },
  ];
  if (main === "tailor" || tailor.data || wanted === "tailor") {
    tabs.push({ value: "tailor", label: "TAILOR", content: <TailorTab project={project} query={tailor} /> });
  }
  if (LDM_IDS.includes(main) || (ldm.data?.length ?? 0) > 0 || wanted === "ldm") {
    tabs.push({ value: "ldm", label: "LDM", content: <LdmTab query={ldm} /> });
  }
  const canManage = project.myRole !== null && roleAllows(project.myRole, "manage");
  return (
    <Page>
      <PageHeader
        title="Strategy"
        description={`${titleOf(main)} chooses what people label next, once a model has learnt enough.`}
        actions={
          canManage && <ButtonLink href={`/p/${project.slug}/settings?tab=strategy`}>Change the strategy</ButtonLink>
        }
      />
      <Tabs
        label="Strategy"
        tabs={tabs}
        value={tabs.some((t) => t.value === wanted) ? (wanted as string) : "audit"}
        onValueChange={(tab) => router.replace(`/p/${project.slug}/strategy?tab=${tab}`, { scroll: false })}
      />
    </Page>
  );
}
