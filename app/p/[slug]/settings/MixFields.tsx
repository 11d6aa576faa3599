"use client";
import { Field } from "@/app/_ui/Field";
import { NumberInput } from "@/app/_ui/NumberInput";
import { LIMITS } from "@/contracts/limits";
import type { ProjectStrategy } from "@/contracts/project";

/** How large a round is, how much of it is drawn at random, and when the main strategy takes over. */
export function MixFields({
  values,
  onChange,
}: {
  values: ProjectStrategy;
  onChange: (change: Partial<ProjectStrategy>) => void;
}) {
  return (
    <>
      <Field
        label="Random-audit share"
        hint="Drawn at random from items the strategy never touches. They measure accuracy without bias and are not trained on while they serve. 0 % switches measuring off."
      >
        <NumberInput
          value={values.auditShare}
          onValueChange={(v) => onChange({ auditShare: v ?? values.auditShare })}
          min={0}
          max={0.5}
          step={0.01}
          format={{ style: "percent" }}
        />
      </Field>
      <Field label="Items per round" hint="How many the queue gets at a time. Fewer means fresher choices.">
        <NumberInput
          value={values.batchSize}
          onValueChange={(v) => onChange({ batchSize: v ?? values.batchSize })}
          min={1}
          max={10_000}
        />
      </Field>
      <Field
        label="Training labels before the main strategy"
        hint="Until there are this many, cold start fills the queue. Audit labels do not count."
      >
        <NumberInput
          value={values.minLabels}
          onValueChange={(v) => onChange({ minLabels: v ?? values.minLabels })}
          min={1}
          max={100_000}
          unit="labels"
        />
      </Field>
      <Field label="Classes among them" hint="How many different ones at least.">
        <NumberInput
          value={values.minClasses}
          onValueChange={(v) => onChange({ minClasses: v ?? values.minClasses })}
          min={1}
          max={LIMITS.labels}
          unit="classes"
        />
      </Field>
    </>
  );
}
