/** The look of plain controls in task types, in the product's tokens: this room cannot reach the design system's components. */
export const CONTROL_CLASS =
  "min-w-0 rounded-md border border-line-strong/70 bg-raised px-2.5 text-base text-ink hover:border-line-strong";
export const BUTTON_CLASS =
  "inline-flex h-9 items-center gap-2 rounded-md border border-line-strong/60 bg-raised px-3 font-[550] text-sm hover:bg-hover disabled:cursor-not-allowed disabled:opacity-55";
export const SMALL_ICON_BUTTON_CLASS =
  "inline-flex size-8 shrink-0 items-center justify-center rounded-md text-ink-2 hover:bg-hover hover:text-ink disabled:opacity-35";
