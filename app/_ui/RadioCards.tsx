"use client";
import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import clsx from "clsx";
import type { ReactNode } from "react";

export interface RadioCardOption<V extends string> {
  value: V;
  title: string;
  hint?: ReactNode;
  disabled?: boolean;
}

/** One of a few choices that each need a sentence. */
export function RadioCards<V extends string>({
  label,
  options,
  value,
  onValueChange,
  columns = 1,
}: {
  label: string;
  options: readonly RadioCardOption<V>[];
  value: V;
  onValueChange: (value: V) => void;
  columns?: 1 | 2 | 3;
}) {
  return (
    <RadioGroup
      aria-label={label}
      value={value}
      onValueChange={(next) => onValueChange(next as V)}
      className={clsx("grid gap-2", columns === 2 && "sm:grid-cols-2", columns === 3 && "sm:grid-cols-3")}
    >
      {options.map((option) => (
        // biome-ignore lint/a11y/noLabelWithoutControl: Radio.Root renders the control inside this label.
        <label
          key={option.value}
          className="flex cursor-pointer items-start gap-3 rounded-md border border-line bg-raised px-3.5 py-3 has-data-checked:border-accent has-data-checked:bg-accent-soft has-data-disabled:cursor-not-allowed has-data-disabled:opacity-55"
        >
          <Radio.Root
            value={option.value}
            disabled={option.disabled}
            className="mt-1 flex size-4 shrink-0 items-center justify-center rounded-full border border-line-strong bg-raised data-checked:border-accent"
          >
            <Radio.Indicator className="size-2 rounded-full bg-accent data-unchecked:hidden" />
          </Radio.Root>
          <span className="flex flex-col">
            <span className="font-[550]">{option.title}</span>
            {option.hint && <span className="text-ink-2 text-sm">{option.hint}</span>}
          </span>
        </label>
      ))}
    </RadioGroup>
  );
}
