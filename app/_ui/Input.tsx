"use client";
import { Field } from "@base-ui/react/field";
import { Input as Base } from "@base-ui/react/input";
import clsx from "clsx";
import { Search, X } from "lucide-react";
import type { ComponentProps } from "react";
import { CONTROL_CLASS } from "./Field";

export type InputProps = ComponentProps<typeof Base> & { className?: string };

export function Input({ className, ...rest }: InputProps) {
  return <Base {...rest} className={clsx(CONTROL_CLASS, "h-9.5", className)} />;
}

export type TextareaProps = Omit<ComponentProps<"textarea">, "value" | "defaultValue" | "onChange"> & {
  value?: string;
  defaultValue?: string;
  onValueChange?: (value: string) => void;
};

export function Textarea({ className, onValueChange, rows = 4, ...rest }: TextareaProps) {
  return (
    <Field.Control
      onValueChange={onValueChange}
      render={<textarea {...rest} rows={rows} />}
      className={clsx(CONTROL_CLASS, "resize-y py-2 leading-6", className)}
    />
  );
}

/** A search box with its own name; Escape and the cross empty it. */
export function SearchInput({
  label,
  value,
  onValueChange,
  className,
  ...rest
}: Omit<InputProps, "value" | "onValueChange"> & {
  label: string;
  value: string;
  onValueChange: (value: string) => void;
}) {
  return (
    <div className={clsx("relative", className)}>
      <Search aria-hidden="true" size={16} className="-translate-y-1/2 absolute start-2.5 top-1/2 text-ink-3" />
      <Input
        {...rest}
        type="text"
        inputMode="search"
        enterKeyHint="search"
        aria-label={label}
        value={value}
        onValueChange={onValueChange}
        onKeyDown={(event) => {
          if (event.key === "Escape" && value !== "") {
            event.preventDefault();
            onValueChange("");
          }
        }}
        className="ps-8.5 pe-8"
      />
      {value !== "" && (
        <button
          type="button"
          aria-label="Clear the search"
          onClick={() => onValueChange("")}
          className="-translate-y-1/2 absolute end-1.5 top-1/2 inline-flex size-6 items-center justify-center rounded-sm text-ink-3 hover:bg-hover hover:text-ink"
        >
          <X aria-hidden="true" size={14} />
        </button>
      )}
    </div>
  );
}
