"use client";
import { Switch } from "@/app/_ui/Checkbox";
import { Field } from "@/app/_ui/Field";
import { NumberInput } from "@/app/_ui/NumberInput";
import { Select } from "@/app/_ui/Select";
import type { StrategyView } from "./strategyView";

/** The options a strategy or trainer declares, as a form. Values equal to the default are left out. */
export function StrategyOptions({
  schema,
  values,
  onChange,
}: {
  schema: StrategyView["options"];
  values: Record<string, unknown>;
  onChange: (values: Record<string, unknown>) => void;
}) {
  const entries = Object.entries(schema.properties);
  if (entries.length === 0) return null;
  const set = (name: string, value: unknown, byDefault: unknown) => {
    const { [name]: _old, ...rest } = values;
    onChange(value === byDefault || value === null ? rest : { ...rest, [name]: value });
  };
  return (
    <div className="grid gap-5 border-line border-t pt-4 sm:grid-cols-2">
      {entries.map(([name, option]) => {
        const value = values[name] ?? option.default;
        if (option.type === "boolean") {
          return (
            <Switch
              key={name}
              label={option.title}
              hint={option.description}
              checked={value === true}
              onCheckedChange={(on) => set(name, on, option.default)}
            />
          );
        }
        return (
          <Field key={name} label={option.title} hint={option.description}>
            {option.type === "string" ? (
              <Select
                options={option.enum.map((v) => ({ value: v, label: v }))}
                value={String(value)}
                onValueChange={(v) => set(name, v, option.default)}
              />
            ) : (
              <NumberInput
                value={Number(value)}
                onValueChange={(v) => set(name, v, option.default)}
                min={option.minimum}
                max={option.maximum}
                step={option.type === "integer" ? 1 : (option.maximum - option.minimum) / 100}
              />
            )}
          </Field>
        );
      })}
    </div>
  );
}
