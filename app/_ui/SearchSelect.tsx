"use client";
import { Combobox as Base } from "@base-ui/react/combobox";
import clsx from "clsx";
import { Check, ChevronsUpDown, Search } from "lucide-react";
import { CONTROL_CLASS } from "./Field";
import { ITEM_CLASS, POPUP_CLASS } from "./Menu";
import type { SelectOption } from "./Select";

type Option = Omit<SelectOption<string>, "hint"> & { hint?: string };

/** One of many options, found by typing a part of its name or of its second line. */
export function SearchSelect({
  label,
  options,
  value,
  onValueChange,
  searchLabel = "Search",
}: {
  /** Names the control and its list. */
  label: string;
  options: readonly Option[];
  value: string;
  onValueChange: (value: string) => void;
  searchLabel?: string;
}) {
  const chosen = options.find((option) => option.value === value) ?? null;
  return (
    <Base.Root<Option>
      items={options}
      value={chosen}
      onValueChange={(next) => next && onValueChange(next.value)}
      isItemEqualToValue={(a, b) => a.value === b.value}
      itemToStringLabel={(option) => option.label}
      filter={(option, query) => matches(option, query)}
    >
      <Base.Trigger
        aria-label={label}
        className={clsx(CONTROL_CLASS, "flex h-9.5 items-center justify-between gap-2 text-start")}
      >
        <span className="truncate">{chosen?.label ?? value}</span>
        <Base.Icon className="text-ink-3">
          <ChevronsUpDown aria-hidden="true" size={14} />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} className="z-40">
          <Base.Popup
            aria-label={label}
            className={clsx(POPUP_CLASS, "flex max-h-(--available-height) w-(--anchor-width) flex-col")}
          >
            <div className="relative p-1">
              <Search
                aria-hidden="true"
                size={15}
                className="-translate-y-1/2 pointer-events-none absolute start-3.5 top-1/2 text-ink-3"
              />
              <Base.Input
                aria-label={searchLabel}
                placeholder={searchLabel}
                className={clsx(CONTROL_CLASS, "h-9 w-full ps-9!")}
              />
            </div>
            <Base.Empty className="px-3 text-ink-2 text-sm not-empty:py-2">Nothing fits these words.</Base.Empty>
            <Base.List className="min-h-0 max-h-96 overflow-y-auto overscroll-contain">
              {(option: Option) => (
                <Base.Item
                  key={option.value}
                  value={option}
                  disabled={option.disabled}
                  className={clsx(ITEM_CLASS, "items-start")}
                >
                  <span className="mt-0.5 flex w-4 shrink-0">
                    <Base.ItemIndicator>
                      <Check aria-hidden="true" size={15} />
                    </Base.ItemIndicator>
                  </span>
                  <span className="flex min-w-0 flex-col">
                    <span>{option.label}</span>
                    {option.hint && <span className="text-ink-3 text-xs">{option.hint}</span>}
                  </span>
                </Base.Item>
              )}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

/** Every word of the query stands somewhere in the option. */
function matches(option: Option, query: string): boolean {
  const text = `${option.label} ${option.hint ?? ""} ${option.value}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
