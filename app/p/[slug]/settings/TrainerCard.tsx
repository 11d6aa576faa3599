"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/app/_rpc/client";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { Select } from "@/app/_ui/Select";
import { SkeletonText } from "@/app/_ui/Skeleton";
import type { ProjectView, TrainerSpec } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import { OptionsForm } from "./OptionsForm";
import type { OptionsSchema } from "./optionSchema";
import { missingOptions, wordsOf } from "./optionSchema";
import { SaveRow } from "./SaveRow";
import { useDraft } from "./useDraft";
import { useSaveProject } from "./useSave";

const WEIGHTS = [
  { value: "none", label: "Every label counts alike" },
  { value: "balanced", label: "Every class counts alike", hint: "However few labels it has." },
] as const;
const NAMES: { [K in keyof TrainerSpec]: string } = {
  id: "the trainer",
  options: "the trainer's options",
  classWeights: "class weights",
};

/** Which trainer learns from the labels, with the options that its registry declares. */
export function TrainerCard({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const registry = useQuery({
    ...trpc.project.trainers.queryOptions({ projectId: project.id }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const save = useSaveProject(project.id);
  const draft = useDraft<TrainerSpec>(project.trainerSpec);
  const { values, set } = draft;
  const { target } = getTaskType(project.taskType);
  const trainers = registry.data?.filter((t) => (t.taskKinds as readonly string[]).includes(target)) ?? [];
  const chosen = trainers.find((t) => t.id === values.id);
  const schema = (chosen?.options ?? {}) as OptionsSchema;
  const missing = missingOptions(schema, values.options);
  const choices = [
    ...(chosen ? [] : [{ value: values.id, label: values.id }]),
    ...trainers.map((t) => ({ value: t.id, label: t.title, hint: t.description })),
  ];
  if (registry.error) return <ErrorState error={registry.error} onRetry={() => void registry.refetch()} />;
  return (
    <Card title="Trainer" description={chosen?.description}>
      {registry.isPending ? (
        <SkeletonText lines={10} />
      ) : (
        <form
          noValidate
          className="flex flex-col gap-5"
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate({ projectId: project.id, trainerSpec: values }, { onSuccess: draft.reset });
          }}
        >
          <div className="grid gap-5 sm:grid-cols-2">
            <Field label="Kind of model">
              <Select
                options={choices}
                value={values.id}
                onValueChange={(id) => {
                  if (id === values.id) return;
                  const isStored = id === project.trainerSpec.id;
                  set({ id, options: isStored ? project.trainerSpec.options : {} });
                }}
              />
            </Field>
            <Field label="Class weights">
              <Select
                options={WEIGHTS}
                value={values.classWeights}
                onValueChange={(classWeights) => set({ classWeights })}
              />
            </Field>
          </div>
          <OptionsForm
            key={values.id}
            schema={schema}
            values={values.options}
            onChange={(options) => set({ options })}
          />
          {draft.isChanged && (
            <Callout>
              The next training uses it: press “Retrain now” or wait. Model versions that exist stay as they are.
            </Callout>
          )}
          {missing.length > 0 && (
            <p className="text-bad text-sm">
              Still to be given:{" "}
              {missing.map((name) => wordsOf(name, schema.properties?.[name] ?? {}).title).join(", ")}.
            </p>
          )}
          <SaveRow draft={draft} save={save} names={NAMES} disabled={missing.length > 0} />
        </form>
      )}
    </Card>
  );
}
