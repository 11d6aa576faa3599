"use client";
import { Popover as Base } from "@base-ui/react/popover";
import clsx from "clsx";
import type { ReactElement, ReactNode } from "react";
import { POPUP_CLASS } from "./Menu";

/** A small panel beside its button, for filters and explanations. */
export function Popover({
  trigger,
  title,
  align = "start",
  wide = false,
  open,
  onOpenChange,
  children,
}: {
  trigger: ReactElement;
  title?: string;
  align?: "start" | "center" | "end";
  wide?: boolean;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  children: ReactNode;
}) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} align={align} className="z-40">
          <Base.Popup className={clsx(POPUP_CLASS, "max-w-(--available-width) p-4", wide ? "w-104" : "w-80")}>
            {title && <Base.Title className="mb-2 font-[620] text-base">{title}</Base.Title>}
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
