"use client";
import { Tabs as Base } from "@base-ui/react/tabs";
import clsx from "clsx";
import type { ReactNode } from "react";
import { useEffect, useRef } from "react";

export interface TabSpec {
  value: string;
  label: ReactNode;
  content: ReactNode;
}

/** Panels of one page. Give `value` and `onValueChange` to keep the choice in the URL. */
export function Tabs({
  label,
  tabs,
  value,
  defaultValue,
  onValueChange,
  className,
}: {
  label: string;
  tabs: readonly TabSpec[];
  value?: string;
  defaultValue?: string;
  onValueChange?: (value: string) => void;
  className?: string;
}) {
  const strip = useRef<HTMLDivElement>(null);
  // On a narrow screen the open tab may lie beyond the edge: after a reload, or when a link led here.
  useEffect(() => {
    const open = strip.current?.querySelector<HTMLElement>(`[role=tab][data-active]`);
    if (value !== undefined && strip.current && open) {
      strip.current.scrollLeft = open.offsetLeft + open.offsetWidth / 2 - strip.current.clientWidth / 2;
    }
  }, [value]);
  return (
    <Base.Root
      value={value}
      defaultValue={defaultValue ?? tabs[0]?.value}
      onValueChange={(next) => onValueChange?.(String(next))}
      className={className}
    >
      <div ref={strip} className="overflow-x-auto">
        <Base.List aria-label={label} className="relative flex min-w-max gap-1 border-line border-b">
          {tabs.map((tab) => (
            <Base.Tab
              key={tab.value}
              value={tab.value}
              className={clsx(
                "h-10 rounded-t-md px-3 font-[550] text-ink-2 text-sm hover:text-ink focus-visible:-outline-offset-2 data-active:text-ink",
              )}
            >
              {tab.label}
            </Base.Tab>
          ))}
          <Base.Indicator className="absolute bottom-0 left-0 h-0.5 w-(--active-tab-width) translate-x-(--active-tab-left) bg-accent transition-[translate,width] duration-150" />
        </Base.List>
      </div>
      {tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className="pt-5">
          {tab.content}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
