"use client";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Drawer } from "@/app/_ui/Dialog";
import { IconButton } from "@/app/_ui/IconButton";

/** A panel beside the item where there is room, over it where there is not. */
export function SidePanel({
  title,
  side,
  wide,
  open,
  closable = true,
  onOpenChange,
  children,
}: {
  title: string;
  side: "start" | "end";
  wide: boolean;
  open: boolean;
  /** False: it always stands there when there is room. */
  closable?: boolean;
  onOpenChange: (open: boolean) => void;
  children: ReactNode;
}) {
  if (!wide) {
    return (
      <Drawer title={title} side={side} open={open} onOpenChange={onOpenChange}>
        {children}
      </Drawer>
    );
  }
  if (closable && !open) return null;
  return (
    <aside
      aria-label={title}
      className={`flex min-h-0 shrink-0 flex-col border-line bg-surface ${
        side === "start" ? "w-60 border-e" : "w-96 border-s"
      }`}
    >
      <div className="flex h-11 shrink-0 items-center justify-between border-line border-b ps-4 pe-1.5">
        <h2 className="font-[620] text-sm">{title}</h2>
        {closable && (
          <IconButton size="sm" label={`Close ${title.toLowerCase()}`} onClick={() => onOpenChange(false)}>
            <X aria-hidden="true" size={16} />
          </IconButton>
        )}
      </div>
      <div className="flex min-h-0 flex-1 flex-col">{children}</div>
    </aside>
  );
}
