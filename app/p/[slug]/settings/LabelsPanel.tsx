"use client";
import { lazy, Suspense, useMemo, useState } from "react";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { SkeletonText } from "@/app/_ui/Skeleton";
import type { ProjectView } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import { useSaveProject } from "./useSave";

/** The task's own settings, edited by the task type itself. A label that is in use cannot be taken away. */
export function LabelsPanel({ project }: { project: ProjectView }) {
  const save = useSaveProject(project.id);
  const type = getTaskType(project.taskType);
  const Editor = useMemo(() => lazy(() => type.configEditor()), [type]);
  const [config, setConfig] = useState<unknown>(project.taskConfig);
  const checked = type.configSchema.safeParse(config);
  const isChanged = JSON.stringify(config) !== JSON.stringify(project.taskConfig);
  return (
    <Card
      className="max-w-4xl"
      title={type.title}
      description="Labels may be added and renamed at any time; one that somebody has used cannot be removed."
    >
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (checked.success) save.mutate({ projectId: project.id, taskConfig: checked.data });
        }}
      >
        <Suspense fallback={<SkeletonText lines={6} />}>
          <Editor config={config} isNew={false} onChange={setConfig} />
        </Suspense>
        {!checked.success && isChanged && (
          <ul className="list-disc ps-5 text-bad text-sm">
            {checked.error.issues.map((issue) => (
              <li key={issue.path.join(".") + issue.message}>{issue.message}</li>
            ))}
          </ul>
        )}
        {save.error && <ErrorState error={save.error} compact />}
        <Button
          type="submit"
          variant="primary"
          busy={save.isPending}
          disabled={!checked.success || !isChanged}
          className="w-fit"
        >
          Save
        </Button>
      </form>
    </Card>
  );
}
