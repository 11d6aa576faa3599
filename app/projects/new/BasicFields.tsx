"use client";
import { Field } from "@/app/_ui/Field";
import { Input, Textarea } from "@/app/_ui/Input";
import { RadioCards } from "@/app/_ui/RadioCards";
import { getTaskType, listTaskTypes } from "@/task-types/registry";
import type { DraftProblems, ProjectDraft } from "./projectDraft";
import { slugOf } from "./projectDraft";

const KINDS = [
  { value: "text", title: "Texts", hint: "One text per item: messages, questions, paragraphs" },
  { value: "record", title: "Records", hint: "Named fields per item, shown as a table: rows of a CSV" },
] as const;

export function BasicFields({
  draft,
  problems,
  onChange,
}: {
  draft: ProjectDraft;
  problems: DraftProblems;
  onChange: (changes: Partial<ProjectDraft>) => void;
}) {
  const tasks = listTaskTypes();
  return (
    <div className="flex flex-col gap-5">
      <Field label="Name" error={problems.name}>
        <Input autoFocus value={draft.name} onValueChange={(name) => onChange({ name })} autoComplete="off" />
      </Field>
      <Field
        label="Address"
        optional
        error={problems.slug}
        hint={
          draft.slug || slugOf(draft.name)
            ? `Will be at /p/${draft.slug || slugOf(draft.name)}`
            : "Made from the name as you type it."
        }
      >
        <Input
          value={draft.slug}
          onValueChange={(slug) => onChange({ slug })}
          placeholder={slugOf(draft.name)}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      <Field label="Description" optional error={problems.description}>
        <Textarea rows={2} value={draft.description} onValueChange={(description) => onChange({ description })} />
      </Field>
      {tasks.length > 1 && (
        <RadioCards
          label="Kind of label"
          columns={2}
          options={tasks.map(({ id, title, description }) => ({ value: id, title, hint: description }))}
          value={draft.taskType}
          onValueChange={(taskType) => onChange({ taskType, taskConfig: getTaskType(taskType).defaultConfig })}
        />
      )}
      <fieldset>
        <legend className="mb-1.5 font-[550] text-sm">Items</legend>
        <RadioCards
          label="Kind of items"
          columns={2}
          options={KINDS}
          value={draft.contentKind}
          onValueChange={(contentKind) => onChange({ contentKind })}
        />
      </fieldset>
    </div>
  );
}
