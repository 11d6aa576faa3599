"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/app/_rpc/client";
import { ErrorState } from "@/app/_ui/ErrorState";
import type { ViewerView } from "@/contracts/access";
import { MINUTE_MS } from "@/contracts/limits";
import type { ProjectView } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import type { TaskType } from "@/task-types/types";
import { StageSkeleton } from "./_screen/IdleState";
import { useLabelSession } from "./_screen/useLabelSession";
import { Workbench } from "./_screen/Workbench";

/** Loads what the screen needs: the project's present settings, the task type's annotator, the session of this tab. */
export function LabelScreen({ project: initial, user }: { project: ProjectView; user: ViewerView }) {
  const trpc = useTRPC();
  const { data: project } = useQuery({
    ...trpc.project.get.queryOptions({ projectId: initial.id }),
    initialData: initial,
    // Guidelines and labels may change while somebody labels; no connection is kept open for it.
    refetchInterval: MINUTE_MS,
    refetchOnWindowFocus: true,
  });
  const taskType = getTaskType(project.taskType);
  const annotator = useAnnotator(taskType);
  const parts = useLabelSession(project, user, taskType);

  if (annotator.error) {
    return (
      <main id="main" className="mx-auto w-full max-w-xl p-6">
        <ErrorState
          title="The labelling screen could not be loaded"
          error={annotator.error}
          onRetry={() => void annotator.refetch()}
        />
      </main>
    );
  }
  if (!annotator.data || !parts) {
    return (
      <main id="main" className="flex h-dvh flex-col px-3 pt-14 pb-5 sm:px-6">
        <div className="m-auto flex w-full max-w-3xl flex-1 flex-col sm:max-h-[44rem]">
          <StageSkeleton />
        </div>
      </main>
    );
  }
  return <Workbench project={project} user={user} taskType={taskType} Annotator={annotator.data} {...parts} />;
}

function useAnnotator(taskType: TaskType) {
  return useQuery({
    queryKey: ["annotator", taskType.id],
    queryFn: async () => (await taskType.annotator()).default,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });
}
