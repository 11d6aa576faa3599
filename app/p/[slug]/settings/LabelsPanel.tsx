"use client";
import { Card } from "@/app/_ui/Card";
import { TaskConfigEditor } from "@/app/_ui/TaskConfigEditor";
import type { ProjectView } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import { SaveRow } from "./SaveRow";
import { useDraft } from "./useDraft";
import { useSaveProject } from "./useSave";

/** The task's own settings, edited by the task type itself. A label that is in use cannot be taken away. */
export function LabelsPanel({ project }: { project: ProjectView }) {
  const save = useSaveProject(project.id);
  const type = getTaskType(project.taskType);
  const draft = useDraft({ taskConfig: project.taskConfig });
  const checked = type.configSchema.safeParse(draft.values.taskConfig);
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
          if (checked.success)
            save.mutate({ projectId: project.id, taskConfig: checked.data }, { onSuccess: draft.reset });
        }}
      >
        <TaskConfigEditor
          taskType={project.taskType}
          config={draft.values.taskConfig}
          isNew={false}
          onChange={(taskConfig) => draft.set({ taskConfig })}
        />
        {!checked.success && draft.isChanged && (
          <ul className="list-disc ps-5 text-bad text-sm">
            {checked.error.issues.map((issue) => (
              <li key={issue.path.join(".") + issue.message}>{issue.message}</li>
            ))}
          </ul>
        )}
        <SaveRow draft={draft} save={save} names={{ taskConfig: "the labels" }} disabled={!checked.success} />
      </form>
    </Card>
  );
}
