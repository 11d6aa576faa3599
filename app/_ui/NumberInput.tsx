"use client";
import { NumberField } from "@base-ui/react/number-field";
import clsx from "clsx";
import { Minus, Plus } from "lucide-react";
import { CONTROL_CLASS } from "./Field";

export interface NumberInputProps {
  value: number | null;
  onValueChange: (value: number | null) => void;
  min?: number;
  max?: number;
  step?: number;
  /** Shown after the box: "labels", "s", "%". */
  unit?: string;
  /** Display format, e.g. {style: "percent"}. */
  format?: Intl.NumberFormatOptions;
  disabled?: boolean;
  /** Needed only outside a Field. */
  "aria-label"?: string;
  className?: string;
}

const STEP =
  "flex w-8.5 items-center justify-center text-ink-2 hover:bg-hover hover:text-ink disabled:opacity-40 disabled:hover:bg-transparent";

/** A number with bounds and steps; values outside the bounds are clamped when the box is left. */
export function NumberInput({ unit, className, "aria-label": ariaLabel, ...rest }: NumberInputProps) {
  return (
    <NumberField.Root {...rest} locale="en-GB" className={clsx("flex items-center gap-2.5", className)}>
      <NumberField.Group
        className={clsx(CONTROL_CLASS, "flex h-9.5 w-fit overflow-hidden [&]:px-0 focus-within:border-focus")}
      >
        <NumberField.Decrement className={clsx(STEP, "border-line border-e")} aria-label="Less">
          <Minus aria-hidden="true" size={14} />
        </NumberField.Decrement>
        <NumberField.Input aria-label={ariaLabel} className="tnum w-20 bg-transparent px-2 text-center text-base" />
        <NumberField.Increment className={clsx(STEP, "border-line border-s")} aria-label="More">
          <Plus aria-hidden="true" size={14} />
        </NumberField.Increment>
      </NumberField.Group>
      {unit && <span className="text-ink-3 text-sm">{unit}</span>}
    </NumberField.Root>
  );
}
