"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/app/_rpc/client";
import { Field } from "@/app/_ui/Field";
import { NumberInput } from "@/app/_ui/NumberInput";
import { RadioCards } from "@/app/_ui/RadioCards";
import { SearchSelect } from "@/app/_ui/SearchSelect";
import { fitsTask } from "@/app/p/[slug]/settings/unmetNeeds";
import { LIMITS } from "@/contracts/limits";
import { getTaskType } from "@/task-types/registry";
import type { ProjectDraft } from "./projectDraft";

const POLICIES = [
  { value: "show", title: "Show", hint: "The likely answer is marked; Enter accepts it" },
  { value: "afterFirstAnswer", title: "After the first answer", hint: "Only when it differs: no anchoring" },
  { value: "hide", title: "Hide", hint: "Annotators never see what the model thinks" },
] as const;

const AUTOMATIC = "automatic";
const AUDIT_PERCENT_MAX = 50;

export function WorkFields({
  draft,
  onChange,
}: {
  draft: ProjectDraft;
  onChange: (changes: Partial<ProjectDraft>) => void;
}) {
  const trpc = useTRPC();
  const strategies = useQuery(trpc.project.strategies.queryOptions());
  const { target } = getTaskType(draft.taskType);
  const fitting = (strategies.data ?? []).filter((strategy) => fitsTask(strategy, target));
  const options = [
    {
      value: AUTOMATIC,
      label: "Chosen for you",
      hint: "A good default for this kind of task, with a tenth for measuring",
    },
    ...fitting.map(({ id, title, summary }) => ({ value: id, label: title, hint: summary })),
  ];
  return (
    <div className="flex flex-col gap-5">
      <fieldset>
        <legend className="mb-1.5 font-[550] text-sm">Suggestions of the model</legend>
        <RadioCards
          label="Suggestions of the model"
          columns={3}
          options={POLICIES}
          value={draft.suggestionPolicy}
          onValueChange={(suggestionPolicy) => onChange({ suggestionPolicy })}
        />
      </fieldset>
      <Field label="Opinions per item" hint="How many different people answer each item.">
        <NumberInput
          min={1}
          max={LIMITS.overlapMax}
          value={draft.overlap}
          onValueChange={(overlap) => onChange({ overlap: overlap ?? 1 })}
        />
      </Field>
      <Field label="Which items are asked about first">
        <SearchSelect
          label="Which items are asked about first"
          searchLabel="Search strategies"
          options={options}
          value={draft.strategyId ?? AUTOMATIC}
          onValueChange={(id) => onChange({ strategyId: id === AUTOMATIC ? null : id })}
        />
      </Field>
      {draft.strategyId !== null && (
        <Field
          label="Share for measuring"
          hint="Drawn at random, so that the accuracy on the dashboard is unbiased. Without it there is no honest curve."
        >
          <NumberInput
            min={0}
            max={AUDIT_PERCENT_MAX}
            unit="% of the queue"
            value={draft.auditPercent}
            onValueChange={(percent) => onChange({ auditPercent: percent ?? 0 })}
          />
        </Field>
      )}
    </div>
  );
}
