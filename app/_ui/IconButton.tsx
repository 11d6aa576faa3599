"use client";
import clsx from "clsx";
import type { ComponentProps, ReactNode } from "react";
import { Tooltip } from "./Tooltip";

export interface IconButtonProps extends Omit<ComponentProps<"button">, "children" | "aria-label"> {
  /** The accessible name and the tooltip's text. */
  label: string;
  /** A key shown in the tooltip. */
  hotkey?: string;
  size?: "sm" | "md";
  /** For buttons that switch something on and off. */
  pressed?: boolean;
  children: ReactNode;
}

export function IconButton({
  label,
  hotkey,
  size = "md",
  pressed,
  className,
  children,
  type = "button",
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label} hotkey={hotkey}>
      <button
        {...rest}
        type={type}
        aria-label={label}
        aria-pressed={pressed}
        aria-keyshortcuts={hotkey}
        className={clsx(
          "inline-flex shrink-0 items-center justify-center rounded-md text-ink-2 transition-colors duration-100 hover:bg-hover hover:text-ink disabled:cursor-not-allowed disabled:opacity-50 aria-pressed:bg-accent-soft aria-pressed:text-accent-text",
          size === "sm" ? "size-7" : "size-9",
          className,
        )}
      >
        {children}
      </button>
    </Tooltip>
  );
}
