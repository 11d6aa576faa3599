"use client";
import { Field as Base } from "@base-ui/react/field";
import clsx from "clsx";
import type { ReactNode } from "react";

export interface FieldProps {
  label: ReactNode;
  /** What is wrong, in words; takes the hint's place in attention but not on screen. */
  error?: string | null;
  hint?: ReactNode;
  /** Shown after the label, for fields that may stay empty. */
  optional?: boolean;
  name?: string;
  disabled?: boolean;
  className?: string;
  /** Input, Textarea, NumberInput or Select: they take label, description and error from here. */
  children: ReactNode;
}

/** A labelled control with a hint and an error, all tied together for assistive technology. */
export function Field({ label, error, hint, optional = false, name, disabled, className, children }: FieldProps) {
  return (
    <Base.Root name={name} disabled={disabled} invalid={Boolean(error)} className={clsx("flex flex-col", className)}>
      <Base.Label className="mb-1.5 font-[550] text-ink text-sm">
        {label}
        {optional && <span className="ms-1.5 font-normal text-ink-3">optional</span>}
      </Base.Label>
      {children}
      {hint && <Base.Description className="mt-1.5 text-ink-3 text-sm">{hint}</Base.Description>}
      <Base.Error match={Boolean(error)} className="mt-1.5 text-bad text-sm">
        {error}
      </Base.Error>
    </Base.Root>
  );
}

/** The frame of a control; its width and height are for whoever uses it. */
export const CONTROL_CLASS =
  "control rounded-md border border-line-strong/70 bg-raised px-3 text-base text-ink transition-[border-color] duration-100 hover:border-line-strong focus-visible:border-focus focus-visible:outline-1 focus-visible:outline-offset-0 disabled:cursor-not-allowed disabled:bg-sunken disabled:text-ink-3 data-invalid:border-bad-solid";
