"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { LearningCurveChart } from "@/app/_charts/LearningCurveChart";
import { useTRPC } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Menu, MenuCheck, MenuHeading } from "@/app/_ui/Menu";
import { Select } from "@/app/_ui/Select";
import { Skeleton } from "@/app/_ui/Skeleton";
import type { ProjectView } from "@/contracts/project";
import { ComparisonNote } from "./ComparisonNote";
import { useStrategyTitles } from "./useStrategyTitles";

const METRICS = [
  { value: "accuracy", label: "Accuracy" },
  { value: "macroF1", label: "Macro F1" },
] as const;
const COMPARED_MAX = 5;
const RANDOM = "random";

/** Quality by labels, alone or beside other projects on the same task (a demonstration brings its random twin). */
export function LearningCurveCard({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const titleOf = useStrategyTitles(project.id);
  const [metric, setMetric] = useState<"accuracy" | "macroF1">("accuracy");
  const [chosen, setChosen] = useState<number[] | null>(null);
  const comparable = useQuery(trpc.dashboard.comparable.queryOptions({ projectId: project.id }));
  // Until the lead chooses, a demonstration is shown beside its twin, preferably the one that draws at random.
  const twins = comparable.data?.filter((c) => c.isTwin) ?? [];
  const twin = twins.find((c) => c.strategy === RANDOM) ?? twins[0];
  const compareWith = chosen ?? (twin ? [twin.id] : []);
  const curve = useQuery({
    ...trpc.dashboard.learningCurve.queryOptions({ projectId: project.id, metric, compareWith }),
    // With its twin at once, rather than alone first.
    enabled: !comparable.isPending,
    placeholderData: keepPreviousData,
  });
  const toggle = (id: number, on: boolean) =>
    setChosen(on ? [...compareWith, id].slice(-COMPARED_MAX) : compareWith.filter((c) => c !== id));

  return (
    <Card
      title="Does the model learn?"
      actions={
        <>
          <Select
            aria-label="Metric"
            size="sm"
            className="w-32"
            options={METRICS}
            value={metric}
            onValueChange={setMetric}
          />
          <Menu trigger={<Button size="sm">Compare{compareWith.length > 0 && ` (${compareWith.length})`}</Button>}>
            {comparable.data?.length ? (
              comparable.data.map((c) => (
                <MenuCheck key={c.id} checked={compareWith.includes(c.id)} onCheckedChange={(on) => toggle(c.id, on)}>
                  {c.name}
                </MenuCheck>
              ))
            ) : (
              <MenuHeading>No other measured project has this task.</MenuHeading>
            )}
          </Menu>
        </>
      }
    >
      {curve.error ? (
        <ErrorState error={curve.error} onRetry={() => void curve.refetch()} />
      ) : curve.data ? (
        <div className="flex flex-col gap-3">
          <LearningCurveChart series={curve.data} metric={metric} titleOf={titleOf} />
          {metric === "accuracy" &&
            compareWith.map((id) => (
              <ComparisonNote key={id} projectId={project.id} otherId={id} slug={project.slug} titleOf={titleOf} />
            ))}
        </div>
      ) : (
        <Skeleton className="h-108 w-full" />
      )}
    </Card>
  );
}
