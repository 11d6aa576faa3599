import clsx from "clsx";
import type { LinkProps } from "next/link";
import Link from "next/link";
import type { ComponentProps, ReactNode } from "react";
import { Spinner } from "./Spinner";

export type ButtonVariant = "primary" | "secondary" | "ghost" | "danger";
export type ButtonSize = "sm" | "md" | "lg";

const BASE =
  "inline-flex shrink-0 select-none items-center justify-center gap-2 whitespace-nowrap rounded-md border font-[550] transition-colors duration-100 disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed aria-disabled:opacity-55";
const VARIANTS: Record<ButtonVariant, string> = {
  primary: "border-transparent bg-accent text-on-accent enabled:hover:bg-accent-hover",
  secondary: "border-line-strong/60 bg-raised text-ink enabled:hover:bg-hover",
  ghost: "border-transparent bg-transparent text-ink-2 enabled:hover:bg-hover enabled:hover:text-ink",
  danger: "border-transparent bg-bad-solid text-on-bad enabled:hover:opacity-90",
};
const SIZES: Record<ButtonSize, string> = {
  sm: "h-8 px-2.5 text-sm",
  md: "h-9 px-3.5 text-sm",
  lg: "h-11 px-5 text-base",
};

/** The classes of a button, for elements that must look like one (menu triggers, labels of file inputs). */
export function buttonClass(variant: ButtonVariant = "secondary", size: ButtonSize = "md", className?: string): string {
  return clsx(BASE, VARIANTS[variant], SIZES[size], className);
}

export interface ButtonProps extends Omit<ComponentProps<"button">, "children"> {
  variant?: ButtonVariant;
  size?: ButtonSize;
  /** An icon before the text; decorative. */
  icon?: ReactNode;
  /** Shows a spinner and refuses clicks while something runs; the width stays. */
  busy?: boolean;
  children: ReactNode;
}

export function Button({
  variant,
  size,
  icon,
  busy = false,
  disabled,
  className,
  children,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={buttonClass(variant, size, className)}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  );
}

export interface ButtonLinkProps extends LinkProps {
  variant?: ButtonVariant;
  size?: ButtonSize;
  icon?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** A link that looks like a button: use it whenever the action is going somewhere. */
export function ButtonLink({ variant, size, icon, className, children, ...rest }: ButtonLinkProps) {
  const hover = { primary: "hover:bg-accent-hover", secondary: "hover:bg-hover", ghost: "hover:bg-hover", danger: "" };
  return (
    <Link {...rest} className={buttonClass(variant, size, clsx(hover[variant ?? "secondary"], className))}>
      {icon}
      {children}
    </Link>
  );
}
