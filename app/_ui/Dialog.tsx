"use client";
import { Dialog as Base } from "@base-ui/react/dialog";
import clsx from "clsx";
import { X } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { useRef } from "react";

export interface DialogProps {
  title: ReactNode;
  description?: ReactNode;
  /** A button element that opens it; leave out when `open` is controlled. */
  trigger?: ReactElement;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  size?: "sm" | "md" | "lg";
  /** The row of buttons at the end. */
  footer?: ReactNode;
  /** False: only its own buttons close it, for things that must be decided. */
  dismissible?: boolean;
  children?: ReactNode;
}

const CONTROLS = "input:not([type=hidden], [aria-hidden=true]), textarea, select, button, a[href]";
const WIDTHS = { sm: "sm:max-w-md", md: "sm:max-w-xl", lg: "sm:max-w-3xl" };

/** A window over the page that keeps the focus inside; a sheet from below on phones. */
export function Dialog({
  title,
  description,
  trigger,
  open,
  onOpenChange,
  size = "md",
  footer,
  dismissible = true,
  children,
}: DialogProps) {
  const body = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={onOpenChange} disablePointerDismissal={!dismissible}>
      {trigger && <Base.Trigger render={trigger} />}
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-30 bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 z-30 flex items-end justify-center sm:items-center sm:p-6">
          <Base.Popup
            // The first control of the content rather than the cross; not by touch, where a keyboard would cover the window.
            initialFocus={(type) =>
              type === "touch" ? true : (body.current?.querySelector<HTMLElement>(CONTROLS) ?? true)
            }
            className={clsx(
              "flex max-h-[92dvh] w-full flex-col rounded-t-lg border border-line bg-raised text-ink shadow-pop transition-[opacity,translate] duration-150 data-ending-style:translate-y-2 data-starting-style:translate-y-2 data-ending-style:opacity-0 data-starting-style:opacity-0 sm:max-h-full sm:rounded-lg",
              WIDTHS[size],
            )}
          >
            <div className="flex items-start gap-4 px-5 pt-5 pb-3">
              <div className="min-w-0 flex-1">
                <Base.Title className="font-[620] text-xl">{title}</Base.Title>
                {description && <Base.Description className="mt-1 text-ink-2 text-sm">{description}</Base.Description>}
              </div>
              {dismissible && <CloseButton />}
            </div>
            {children && (
              <div ref={body} className="min-h-0 flex-1 overflow-y-auto px-5 pt-1 pb-5">
                {children}
              </div>
            )}
            {footer && (
              <div className="flex flex-wrap justify-end gap-2 border-line border-t px-5 py-3.5">{footer}</div>
            )}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}

/** A panel at the side of the page. */
export function Drawer({
  title,
  trigger,
  open,
  onOpenChange,
  side = "end",
  children,
}: Pick<DialogProps, "title" | "trigger" | "open" | "onOpenChange" | "children"> & { side?: "start" | "end" }) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      {trigger && <Base.Trigger render={trigger} />}
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-30 bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 z-30">
          <Base.Popup
            className={clsx(
              "absolute inset-y-0 flex w-[min(24rem,88vw)] flex-col border-line bg-raised text-ink shadow-pop transition-[opacity,translate] duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0",
              side === "end" ? "end-0 border-s" : "start-0 border-e",
            )}
          >
            <div className="flex items-center gap-4 border-line border-b py-2.5 ps-5 pe-3">
              <Base.Title className="min-w-0 flex-1 truncate font-[620] text-lg">{title}</Base.Title>
              <CloseButton />
            </div>
            <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}

export const DialogClose = Base.Close;

function CloseButton() {
  return (
    <Base.Close
      aria-label="Close"
      className="-me-1.5 -mt-1 inline-flex size-8 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
    >
      <X aria-hidden="true" size={18} />
    </Base.Close>
  );
}
