"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "@/app/_rpc/client";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { useNotifier } from "@/app/_ui/Toast";
import type { ProjectStrategy, ProjectView } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import { MainProgress } from "../_dashboard/MainProgress";
import { wordMainProgress } from "../_dashboard/wordMainProgress";
import { MixFields } from "./MixFields";
import { SaveRow } from "./SaveRow";
import { StrategyChanges } from "./StrategyChanges";
import { StrategyChoice } from "./StrategyChoice";
import { StrategyGuidance } from "./StrategyGuidance";
import { StrategyPreview } from "./StrategyPreview";
import { STRATEGY_NAMES } from "./strategyNames";
import type { StrategyView } from "./strategyView";
import { fitsTask, OF_A_MODEL, unmetNeeds } from "./unmetNeeds";
import { useDraft } from "./useDraft";

/** What fills the queue: the main strategy, what comes before it, and the random share that keeps both honest. */
export function StrategyPanel({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const registry = useQuery(trpc.project.strategies.queryOptions({ projectId: project.id }));
  if (registry.error) return <ErrorState error={registry.error} onRetry={() => void registry.refetch()} />;
  if (!registry.data)
    return (
      <Card title="Main strategy">
        <SkeletonText lines={12} />
      </Card>
    );
  return <StrategyForm project={project} strategies={registry.data} />;
}

function StrategyForm({ project, strategies }: { project: ProjectView; strategies: StrategyView[] }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifier();
  const overview = useQuery(trpc.dashboard.overview.queryOptions({ projectId: project.id }));
  const draft = useDraft<ProjectStrategy>(project.strategy);
  const { values, set } = draft;
  const save = useMutation(
    trpc.project.updateStrategy.mutationOptions({
      onSuccess: async (saved) => {
        await queryClient.invalidateQueries(trpc.project.get.queryFilter({ projectId: project.id }));
        draft.reset();
        const { id, minLabels, minClasses } = { ...saved.strategy, id: saved.strategy.main.id };
        const title = strategies.find((s) => s.id === id)?.title ?? id;
        const counts = overview.data?.mainStrategy;
        const waits = counts ? wordMainProgress({ ...counts, minLabels, minClasses }, title) : null;
        notify(`Saved. The queue is being filled again.${waits ? ` Not active yet: ${waits}` : ""}`, { tone: "good" });
      },
    }),
  );
  const state = {
    hasModel: project.activeModelVersion !== null,
    hasVectors: project.activeFeatureVersion !== null,
    nLabels: overview.data?.nLabels ?? Number.POSITIVE_INFINITY,
    target: getTaskType(project.taskType).target,
  };
  const unmetOf = (id: string) =>
    unmetNeeds(
      strategies.find((s) => s.id === id),
      state,
    );
  // What does not fit the task can be shown where it is chosen already, but not chosen.
  const fitting = strategies.filter((s) => fitsTask(s, state.target));
  const unmetMain = unmetOf(values.main.id);
  const unmetCold = unmetOf(values.coldStart.id);
  return (
    <form
      noValidate
      className="grid gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ projectId: project.id, strategy: values });
      }}
    >
      <div className="flex min-w-0 flex-col gap-5">
        <StrategyChoice
          title="Main strategy"
          description="Ranks the pool once a model has learnt enough."
          strategies={fitting}
          value={values.main}
          unmet={unmetMain.length === 0 ? [] : [...unmetMain, "Until then, cold start fills the queue."]}
          guidance={<StrategyGuidance projectId={project.id} main={values.main} />}
          onChange={(main) => set({ main })}
        />
        <StrategyChoice
          title="Cold start"
          description="Fills the queue until then; it must not need a model."
          strategies={fitting.filter(needsNoModel)}
          value={values.coldStart}
          unmet={unmetCold.length === 0 ? [] : [...unmetCold, "Until then, items are drawn at random."]}
          onChange={(coldStart) => set({ coldStart })}
        />
      </div>
      <Card title="The mix" className="self-start">
        <div className="flex flex-col gap-5">
          <MainProgress projectId={project.id} />
          <MixFields values={values} onChange={set} />
          {values.auditShare === 0 && (
            <Callout tone="warn">
              Without an audit share nobody can say how good the model is, or whether the strategy helps.
            </Callout>
          )}
          {draft.isChanged && (
            <StrategyChanges
              before={project.strategy}
              after={values}
              strategies={strategies}
              overview={overview.data}
            />
          )}
          <SaveRow draft={draft} save={save} names={STRATEGY_NAMES} action="Apply and refill the queue" />
        </div>
      </Card>
      <div className="min-w-0 lg:col-span-2">
        <StrategyPreview
          project={project}
          strategy={values}
          titleOf={(id) => strategies.find((s) => s.id === id)?.title ?? id}
        />
      </div>
    </form>
  );
}

function needsNoModel(strategy: StrategyView): boolean {
  return OF_A_MODEL.every((array) => !strategy.needs.arrays.includes(array));
}
