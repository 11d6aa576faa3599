"use client";
import { Checkbox as Base } from "@base-ui/react/checkbox";
import { Switch as BaseSwitch } from "@base-ui/react/switch";
import clsx from "clsx";
import { Check, Minus } from "lucide-react";
import type { ReactNode } from "react";
import { useId } from "react";

export interface ToggleProps {
  label: ReactNode;
  hint?: ReactNode;
  checked: boolean;
  onCheckedChange: (checked: boolean) => void;
  disabled?: boolean;
  /** The label is read out but not drawn, for table rows. */
  labelHidden?: boolean;
  className?: string;
}

/** A box to tick, with its text. */
export function Checkbox({
  label,
  hint,
  indeterminate,
  labelHidden = false,
  className,
  ...rest
}: ToggleProps & { indeterminate?: boolean }) {
  const hintId = useId();
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: Base.Root renders the control inside this label.
    <label className={clsx("flex items-start gap-2.5 text-base", className)}>
      <Base.Root
        {...rest}
        indeterminate={indeterminate}
        aria-describedby={hint ? hintId : undefined}
        className="mt-0.75 flex size-4.5 shrink-0 items-center justify-center rounded-sm border border-line-strong bg-raised text-on-accent data-checked:border-accent data-indeterminate:border-accent data-checked:bg-accent data-indeterminate:bg-accent data-disabled:opacity-50"
      >
        <Base.Indicator className="flex data-unchecked:hidden">
          {indeterminate ? (
            <Minus aria-hidden="true" size={13} strokeWidth={3} />
          ) : (
            <Check aria-hidden="true" size={13} strokeWidth={3} />
          )}
        </Base.Indicator>
      </Base.Root>
      <ToggleText label={label} hint={hint} hintId={hintId} hidden={labelHidden} />
    </label>
  );
}

/** A setting that is on or off at once. */
export function Switch({ label, hint, labelHidden = false, className, ...rest }: ToggleProps) {
  const hintId = useId();
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: BaseSwitch.Root renders the control inside this label.
    <label className={clsx("flex items-start justify-between gap-4 text-base", className)}>
      <ToggleText label={label} hint={hint} hintId={hintId} hidden={labelHidden} />
      <BaseSwitch.Root
        {...rest}
        aria-describedby={hint ? hintId : undefined}
        className="mt-0.5 flex h-5.5 w-9.5 shrink-0 rounded-full border border-line-strong bg-sunken p-0.5 transition-colors duration-100 data-checked:border-accent data-checked:bg-accent data-disabled:opacity-50"
      >
        <BaseSwitch.Thumb className="size-4 rounded-full bg-line-strong transition-[translate,background-color] duration-100 data-checked:translate-x-4 data-checked:bg-on-accent rtl:data-checked:-translate-x-4" />
      </BaseSwitch.Root>
    </label>
  );
}

function ToggleText({
  label,
  hint,
  hintId,
  hidden,
}: {
  label: ReactNode;
  hint?: ReactNode;
  hintId: string;
  hidden: boolean;
}) {
  return (
    <span className={clsx("flex flex-col", hidden && "sr-only")}>
      <span>{label}</span>
      {hint && (
        <span id={hintId} className="text-ink-3 text-sm">
          {hint}
        </span>
      )}
    </span>
  );
}
