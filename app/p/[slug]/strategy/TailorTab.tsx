"use client";
import { useCallback } from "react";
import { ArmHistoryChart } from "@/app/_charts/ArmHistoryChart";
import { BeliefChart } from "@/app/_charts/BeliefChart";
import { ClassTargetChart } from "@/app/_charts/ClassTargetChart";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { EmptyState } from "@/app/_ui/EmptyState";
import { ErrorState } from "@/app/_ui/ErrorState";
import { countOf, formatPercent } from "@/app/_ui/format";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Stat } from "@/app/_ui/Stat";
import type { TailorPageView } from "@/contracts/acquisition";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import { useStrategyTitles } from "../_dashboard/useStrategyTitles";
import { ArmTable } from "./ArmTable";
import { TailorControls } from "./TailorControls";

/** From here on TAILOR prefers one arm clearly. */
const SETTLED = 0.6;

/** TAILOR's memory: what it believes, how sure it is, what the arms brought; and its controls. */
export function TailorTab({
  project,
  query: { data, error, refetch },
}: {
  project: ProjectView;
  query: { data: TailorPageView | null | undefined; error: unknown; refetch: () => unknown };
}) {
  const canManage = project.myRole !== null && roleAllows(project.myRole, "manage");
  const isMain = project.strategy.main.id === "tailor";
  const controls = canManage && isMain && <TailorControls project={project} />;
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <SkeletonText lines={12} />;
  if (data === null) {
    return (
      <div className="flex flex-col gap-5">
        <EmptyState title="TAILOR has not served a round yet">
          It takes over from cold start after {countOf(project.strategy.minLabels, "label")}, when a model is there.
        </EmptyState>
        {controls}
      </div>
    );
  }
  return (
    <div className="flex flex-col gap-5">
      {!isMain && (
        <Callout title="TAILOR is not the strategy now">
          This is what it knew when it last served. It goes on from here if it is chosen again.
        </Callout>
      )}
      <TailorView project={project} view={data} />
      {controls}
    </div>
  );
}

function TailorView({ project, view }: { project: ProjectView; view: TailorPageView }) {
  const titleOf = useStrategyTitles(project.id);
  const nameOf = useCallback(
    (id: string) => {
      const arm = view.arms.find((each) => each.id === id);
      const title = titleOf(arm?.strategy ?? id.split("#")[0]);
      return arm?.classTitle ? `${title}, ${arm.classTitle}` : title;
    },
    [view, titleOf],
  );
  const isBalanced = (project.strategy.main.options.objective ?? "balance") === "balance";
  const best = view.arms.filter(({ isActive }) => isActive).sort((a, b) => b.best - a.best)[0];
  return (
    <>
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        <Stat label="Rounds of TAILOR" value={view.tailorRound} detail={`last: round ${view.round} of the project`} />
        <Stat
          label="Best arm by now"
          value={best ? nameOf(best.id) : null}
          detail={best ? `with a probability of ${formatPercent(best.best, 0)}` : undefined}
        />
        <Stat
          label={view.settled >= SETTLED ? "Settled" : "Exploring"}
          value={formatPercent(view.settled, 0)}
          detail="0 % while any arm may be the best, 100 % when one certainly is"
        />
        <Stat label="Picks without an answer yet" value={view.waiting} detail="credited when their label comes" />
      </div>
      <Card title="What it believes">
        <div className="grid gap-x-8 gap-y-6 lg:grid-cols-2">
          <BeliefChart view={view} nameOf={nameOf} />
          <ClassTargetChart view={view} isBalanced={isBalanced} />
        </div>
      </Card>
      <Card title="Round by round">
        <div className="grid gap-x-8 gap-y-6 lg:grid-cols-2">
          <ArmHistoryChart view={view} what="best" nameOf={nameOf} />
          <ArmHistoryChart view={view} what="pulls" nameOf={nameOf} />
        </div>
      </Card>
      <ArmTable view={view} nameOf={nameOf} />
    </>
  );
}
