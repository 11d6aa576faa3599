"use client";
import { Select as Base } from "@base-ui/react/select";
import clsx from "clsx";
import { Check, ChevronsUpDown } from "lucide-react";
import type { ReactNode } from "react";
import { CONTROL_CLASS } from "./Field";
import { ITEM_CLASS, POPUP_CLASS } from "./Menu";

export interface SelectOption<V extends string> {
  value: V;
  label: string;
  /** A second line under the label. */
  hint?: ReactNode;
  disabled?: boolean;
}

export interface SelectProps<V extends string> {
  options: readonly SelectOption<V>[];
  value: V | null;
  onValueChange: (value: V) => void;
  placeholder?: string;
  disabled?: boolean;
  size?: "sm" | "md";
  /** Needed only outside a Field. */
  "aria-label"?: string;
  className?: string;
}

/** One of a few options. With more than about fifteen, a search box is kinder. */
export function Select<V extends string>({
  options,
  value,
  onValueChange,
  placeholder = "Choose",
  disabled,
  size = "md",
  "aria-label": ariaLabel,
  className,
}: SelectProps<V>) {
  return (
    <Base.Root<V>
      items={options.map(({ value: v, label }) => ({ value: v, label }))}
      value={value}
      onValueChange={(next) => next !== null && onValueChange(next)}
      disabled={disabled}
    >
      <Base.Trigger
        aria-label={ariaLabel}
        className={clsx(
          CONTROL_CLASS,
          "flex items-center justify-between gap-2 text-start",
          size === "sm" ? "h-8 px-2.5 text-sm" : "h-9.5",
          className,
        )}
      >
        <Base.Value placeholder={placeholder} className="truncate data-placeholder:text-ink-3" />
        <Base.Icon className="text-ink-3">
          <ChevronsUpDown aria-hidden="true" size={14} />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-40">
          <Base.Popup
            className={clsx(POPUP_CLASS, "max-h-(--available-height) min-w-(--anchor-width) overflow-y-auto")}
          >
            <Base.List>
              {options.map((option) => (
                <Base.Item
                  key={option.value}
                  value={option.value}
                  disabled={option.disabled}
                  className={clsx(ITEM_CLASS, "items-start")}
                >
                  <span className="mt-0.5 flex w-4 shrink-0">
                    <Base.ItemIndicator>
                      <Check aria-hidden="true" size={15} />
                    </Base.ItemIndicator>
                  </span>
                  <span className="flex flex-col">
                    <Base.ItemText>{option.label}</Base.ItemText>
                    {option.hint && <span className="max-w-80 text-ink-3 text-xs">{option.hint}</span>}
                  </span>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
