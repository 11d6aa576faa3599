"use client";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { FormEvent } from "react";
import { useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { TaskConfigEditor } from "@/app/_ui/TaskConfigEditor";
import { listTaskTypes } from "@/task-types/registry";
import { BasicFields } from "./BasicFields";
import { GuidelinesField } from "./GuidelinesField";
import type { ProjectDraft } from "./projectDraft";
import { checkDraft, EMPTY_DRAFT, toInput } from "./projectDraft";
import { WorkFields } from "./WorkFields";

/** The form for a project: sections in the order in which one thinks of them. */
export function NewProject() {
  const trpc = useTRPC();
  const router = useRouter();
  const [draft, setDraft] = useState<ProjectDraft>(() => {
    const [first] = listTaskTypes();
    return { ...EMPTY_DRAFT, taskType: first.id, taskConfig: first.defaultConfig };
  });
  const [tried, setTried] = useState(false);
  const problems = tried ? checkDraft(draft) : {};
  const change = (changes: Partial<ProjectDraft>) => setDraft((last) => ({ ...last, ...changes }));
  const create = useMutation(
    trpc.project.create.mutationOptions({ onSuccess: ({ slug }) => router.push(`/p/${slug}/import`) }),
  );

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (Object.keys(checkDraft(draft)).length === 0) create.mutate(toInput(draft));
  }

  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-5">
      <Card title="What it is">
        <BasicFields draft={draft} problems={problems} onChange={change} />
      </Card>
      <Card
        title="Labels"
        description="Each gets a key: your letter or digit, else the next free digit, else Shift with a digit."
      >
        <TaskConfigEditor
          taskType={draft.taskType}
          config={draft.taskConfig}
          isNew
          onChange={(taskConfig) => change({ taskConfig })}
        />
        {problems.taskConfig && (
          <p role="alert" className="mt-2 text-bad text-sm">
            {problems.taskConfig}
          </p>
        )}
      </Card>
      <Card title="Guidelines" description="What annotators read beside the items. Markdown; examples help most.">
        <GuidelinesField
          value={draft.guidelines}
          error={problems.guidelines}
          onChange={(guidelines) => change({ guidelines })}
        />
      </Card>
      <Card title="How the work goes">
        <WorkFields draft={draft} onChange={change} />
      </Card>
      {create.error && <ErrorState title="The project was not made" error={create.error} />}
      <div className="flex flex-wrap items-center justify-end gap-3 pb-10">
        {tried && Object.keys(problems).length > 0 && (
          <p role="alert" className="text-bad text-sm">
            Something above is not complete.
          </p>
        )}
        <Button type="submit" variant="primary" size="lg" busy={create.isPending || create.isSuccess}>
          Create the project
        </Button>
      </div>
    </form>
  );
}
