"use client";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { Checkbox } from "@/app/_ui/Checkbox";
import { Field } from "@/app/_ui/Field";
import { Input, Textarea } from "@/app/_ui/Input";
import { NumberInput } from "@/app/_ui/NumberInput";
import { RadioCards } from "@/app/_ui/RadioCards";
import { LIMITS } from "@/contracts/limits";
import type { ProjectView } from "@/contracts/project";
import { SaveRow } from "./SaveRow";
import { useDraft } from "./useDraft";
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

const NAMES = {
  name: "the name",
  description: "the description",
  overlap: "opinions per item",
  leaseSeconds: "the lease",
  prefetch: "items ahead",
  suggestionPolicy: "suggestions",
  suggestOnAudit: "suggestions on audit items",
};

// The browser's own check of numbers takes the lower bound for the origin of the steps, and would refuse "10" from 0.5 on in
// steps of 1; the boxes keep to their bounds by themselves. Hence noValidate here and in the other forms with numbers.

/** Name, description, and how items reach people. Only what was edited is sent. */
export function GeneralPanel({ project }: { project: ProjectView }) {
  const save = useSaveProject(project.id);
  const { name, description, overlap, leaseSeconds, prefetch, suggestionPolicy, suggestOnAudit } = project;
  const draft = useDraft({ name, description, overlap, leaseSeconds, prefetch, suggestionPolicy, suggestOnAudit });
  const { values, set } = draft;
  return (
    <Card className="max-w-3xl">
      <form
        noValidate
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ projectId: project.id, ...draft.changes }, { onSuccess: draft.reset });
        }}
      >
        <Field label="Name">
          <Input value={values.name} onValueChange={(v) => set({ name: v })} required maxLength={200} />
        </Field>
        <Field label="Description" optional>
          <Textarea value={values.description} onValueChange={(v) => set({ description: v })} rows={3} />
        </Field>
        <div className="grid gap-5 sm:grid-cols-3">
          <Field label="Opinions per item" hint="How many different people answer each item.">
            <NumberInput
              value={values.overlap}
              onValueChange={(v) => set({ overlap: v ?? overlap })}
              min={1}
              max={LIMITS.overlapMax}
            />
          </Field>
          <Field label="Lease" hint="How long an item waits for an idle annotator.">
            <NumberInput
              value={values.leaseSeconds / SECONDS_PER_MINUTE}
              onValueChange={(v) =>
                set({ leaseSeconds: v === null ? leaseSeconds : Math.round(v * SECONDS_PER_MINUTE) })
              }
              min={LIMITS.leaseSecondsMin / SECONDS_PER_MINUTE}
              max={LIMITS.leaseSecondsMax / SECONDS_PER_MINUTE}
              unit="min"
            />
          </Field>
          <Field label="Items ahead" hint="Items each open tab holds ready.">
            <NumberInput
              value={values.prefetch}
              onValueChange={(v) => set({ prefetch: v ?? prefetch })}
              min={1}
              max={LIMITS.claimEntries}
            />
          </Field>
        </div>
        <fieldset>
          <legend className="mb-1.5 font-[550] text-sm">Suggestions of the model</legend>
          <RadioCards
            label="Suggestions of the model"
            options={POLICIES}
            value={values.suggestionPolicy}
            onValueChange={(v) => set({ suggestionPolicy: v })}
            columns={3}
          />
          <Checkbox
            className="mt-3"
            label="On audit items too"
            hint="Off, they come without one: an answer given after seeing the model’s guess makes the measured accuracy too high."
            checked={values.suggestOnAudit}
            disabled={values.suggestionPolicy === "hide"}
            onCheckedChange={(v) => set({ suggestOnAudit: v })}
          />
        </fieldset>
        {values.overlap > overlap && (
          <Callout>
            Items that are resolved already stay resolved; the others wait for {values.overlap} opinions from now on.
          </Callout>
        )}
        <SaveRow draft={draft} save={save} names={NAMES} disabled={values.name.trim() === ""} />
      </form>
    </Card>
  );
}
