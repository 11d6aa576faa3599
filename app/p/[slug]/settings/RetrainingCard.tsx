"use client";
import { Card } from "@/app/_ui/Card";
import { Switch } from "@/app/_ui/Checkbox";
import { Field } from "@/app/_ui/Field";
import { NumberInput } from "@/app/_ui/NumberInput";
import type { ProjectView, RetrainPolicy } from "@/contracts/project";
import { SaveRow } from "./SaveRow";
import { useDraft } from "./useDraft";
import { useSaveProject } from "./useSave";

const NAMES: { [K in keyof RetrainPolicy]: string } = {
  everyLabels: "the number of labels",
  everySeconds: "the seconds",
  minLabels: "the first labels",
  automatic: "whether it runs by itself",
};

export function RetrainingCard({ project }: { project: ProjectView }) {
  const save = useSaveProject(project.id);
  const draft = useDraft<RetrainPolicy>(project.retrainPolicy);
  const { values, set } = draft;
  return (
    <Card
      title="When to retrain"
      description="At most one training runs at a time; labels that arrive meanwhile start the next."
    >
      <form
        noValidate
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ projectId: project.id, retrainPolicy: values }, { onSuccess: draft.reset });
        }}
      >
        <Switch
          label="Retrain by itself"
          hint="Off: only when a lead asks for it."
          checked={values.automatic}
          onCheckedChange={(automatic) => set({ automatic })}
        />
        <div className="flex flex-wrap gap-x-6 gap-y-5">
          <Field label="First at">
            <NumberInput
              value={values.minLabels}
              onValueChange={(v) => set({ minLabels: v ?? values.minLabels })}
              min={2}
              max={100_000}
              unit="labels"
            />
          </Field>
          <Field label="then every" disabled={!values.automatic}>
            <NumberInput
              value={values.everyLabels}
              onValueChange={(v) => set({ everyLabels: v ?? values.everyLabels })}
              min={1}
              max={100_000}
              unit="labels"
              disabled={!values.automatic}
            />
          </Field>
          <Field label="or every" hint="If at least one label is new." disabled={!values.automatic}>
            <NumberInput
              value={values.everySeconds}
              onValueChange={(v) => set({ everySeconds: v ?? values.everySeconds })}
              min={5}
              max={86_400}
              unit="s"
              disabled={!values.automatic}
            />
          </Field>
        </div>
        <SaveRow draft={draft} save={save} names={NAMES} />
      </form>
    </Card>
  );
}
