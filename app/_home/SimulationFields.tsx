"use client";
import { Field } from "@/app/_ui/Field";
import { NumberInput } from "@/app/_ui/NumberInput";
import { RadioCards } from "@/app/_ui/RadioCards";

export interface SimulationSettings {
  annotators: number;
  speed: "human" | "full";
  errorPercent: number;
  maxLabels: number;
}

const SPEEDS = [
  { value: "full", title: "Full speed", hint: "As fast as the server answers" },
  { value: "human", title: "Human speed", hint: "A label in about three seconds each" },
] as const;

export function toSimulationInput({ annotators, speed, errorPercent, maxLabels }: SimulationSettings) {
  return { annotators, speed, maxLabels, errorRate: errorPercent / 100 };
}

/** How many simulated people, how fast, how wrong, how long. */
export function SimulationFields({
  settings,
  onChange,
}: {
  settings: SimulationSettings;
  onChange: (settings: SimulationSettings) => void;
}) {
  return (
    <div className="flex flex-col gap-4">
      <RadioCards
        label="Speed"
        columns={2}
        options={SPEEDS}
        value={settings.speed}
        onValueChange={(speed) => onChange({ ...settings, speed })}
      />
      <div className="grid gap-4 sm:grid-cols-3">
        <Field label="Annotators">
          <NumberInput
            min={1}
            max={50}
            value={settings.annotators}
            onValueChange={(annotators) => onChange({ ...settings, annotators: annotators ?? 1 })}
          />
        </Field>
        <Field label="Errors">
          <NumberInput
            min={0}
            max={100}
            unit="%"
            value={settings.errorPercent}
            onValueChange={(errorPercent) => onChange({ ...settings, errorPercent: errorPercent ?? 0 })}
          />
        </Field>
        <Field label="Labels in all">
          <NumberInput
            min={1}
            max={1_000_000}
            step={100}
            value={settings.maxLabels}
            onValueChange={(maxLabels) => onChange({ ...settings, maxLabels: maxLabels ?? 1 })}
          />
        </Field>
      </div>
    </div>
  );
}
