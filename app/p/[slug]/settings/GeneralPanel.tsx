"use client";
import { useState } from "react";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { Input, Textarea } from "@/app/_ui/Input";
import { NumberInput } from "@/app/_ui/NumberInput";
import { RadioCards } from "@/app/_ui/RadioCards";
import { LIMITS } from "@/contracts/limits";
import type { ProjectView } from "@/contracts/project";
import { useSaveProject } from "./useSave";

const SECONDS_PER_MINUTE = 60;
const POLICIES = [
  { value: "show", title: "Show", hint: "The likely answer comes first, with its confidence." },
  {
    value: "afterFirstAnswer",
    title: "After the first answer",
    hint: "Hidden until the annotator has answered once: no anchoring.",
  },
  { value: "hide", title: "Hide", hint: "Annotators never see what the model thinks." },
] as const;

export function GeneralPanel({ project }: { project: ProjectView }) {
  const save = useSaveProject(project.id);
  const [name, setName] = useState(project.name);
  const [description, setDescription] = useState(project.description);
  const [overlap, setOverlap] = useState<number | null>(project.overlap);
  const [minutes, setMinutes] = useState<number | null>(project.leaseSeconds / SECONDS_PER_MINUTE);
  const [prefetch, setPrefetch] = useState<number | null>(project.prefetch);
  const [policy, setPolicy] = useState(project.suggestionPolicy);
  return (
    <Card className="max-w-3xl">
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({
            projectId: project.id,
            name,
            description,
            overlap: overlap ?? project.overlap,
            leaseSeconds: minutes === null ? project.leaseSeconds : Math.round(minutes * SECONDS_PER_MINUTE),
            prefetch: prefetch ?? project.prefetch,
            suggestionPolicy: policy,
          });
        }}
      >
        <Field label="Name">
          <Input value={name} onValueChange={setName} required maxLength={200} />
        </Field>
        <Field label="Description" optional>
          <Textarea value={description} onValueChange={setDescription} rows={3} />
        </Field>
        <div className="grid gap-5 sm:grid-cols-3">
          <Field label="Opinions per item" hint="How many different people answer each item.">
            <NumberInput value={overlap} onValueChange={setOverlap} min={1} max={LIMITS.overlapMax} />
          </Field>
          <Field label="Lease" hint="How long an item waits for an idle annotator.">
            <NumberInput
              value={minutes}
              onValueChange={setMinutes}
              min={LIMITS.leaseSecondsMin / SECONDS_PER_MINUTE}
              max={LIMITS.leaseSecondsMax / SECONDS_PER_MINUTE}
              unit="min"
            />
          </Field>
          <Field label="Items ahead" hint="Items each open tab holds ready.">
            <NumberInput value={prefetch} onValueChange={setPrefetch} min={1} max={LIMITS.claimEntries} />
          </Field>
        </div>
        <fieldset>
          <legend className="mb-1.5 font-[550] text-sm">Suggestions of the model</legend>
          <RadioCards
            label="Suggestions of the model"
            options={POLICIES}
            value={policy}
            onValueChange={setPolicy}
            columns={3}
          />
        </fieldset>
        {save.error && <ErrorState error={save.error} compact />}
        <Button type="submit" variant="primary" busy={save.isPending} className="w-fit">
          Save
        </Button>
      </form>
    </Card>
  );
}
