"use client";
import { X } from "lucide-react";
import { useState } from "react";
import { Button } from "@/app/_ui/Button";
import { SearchInput } from "@/app/_ui/Input";
import { Menu, MenuCheck, MenuChoice, MenuSeparator } from "@/app/_ui/Menu";
import { Select } from "@/app/_ui/Select";
import type { ItemFilter } from "@/contracts/items";
import { ITEM_STATUSES } from "@/contracts/items";
import type { ProjectView } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import type { ItemListState } from "./filterInUrl";
import { STATUS_WORDS } from "./ItemTable";

const SORTS = [
  { value: "row/asc", label: "Oldest first" },
  { value: "row/desc", label: "Newest first" },
  { value: "recentlyLabelled/desc", label: "Labelled last" },
  { value: "agreement/asc", label: "Least agreement" },
] as const;
const LABELS_IN_MENU = 100;

/** Search box, filters and sort order; each active filter is a chip that can be taken off. */
export function ItemFilters({
  project,
  state,
  onChange,
}: {
  project: ProjectView;
  state: ItemListState;
  onChange: (next: ItemListState) => void;
}) {
  const { filter } = state;
  const [search, setSearch] = useState(filter.search ?? "");
  const classes = getTaskType(project.taskType).classes(project.taskConfig);
  const set = (change: Partial<ItemFilter>) => onChange({ ...state, filter: prune({ ...filter, ...change }) });
  const submitSearch = (text: string) => set({ search: text.trim() || undefined });

  return (
    <div className="mb-4 flex flex-col gap-2.5">
      <form
        className="flex flex-wrap items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          submitSearch(search);
        }}
      >
        <SearchInput
          label="Search the content of items"
          placeholder="Search items"
          value={search}
          className="min-w-56 flex-1"
          maxLength={200}
          onValueChange={(text) => {
            setSearch(text);
            if (text === "" && filter.search) submitSearch("");
          }}
        />
        <Button type="submit">Search</Button>
        <Menu trigger={<Button>Status{filter.status ? ` (${filter.status.length})` : ""}</Button>}>
          {ITEM_STATUSES.map((status) => (
            <MenuCheck
              key={status}
              checked={filter.status?.includes(status) ?? false}
              onCheckedChange={(on) => set({ status: toggled(filter.status, status, on) })}
            >
              {STATUS_WORDS[status]}
            </MenuCheck>
          ))}
        </Menu>
        {classes.length > 0 && (
          <Menu trigger={<Button>Label{filter.label ? ` (${filter.label.length})` : ""}</Button>}>
            {classes.slice(0, LABELS_IN_MENU).map((c) => (
              <MenuCheck
                key={c.id}
                checked={filter.label?.includes(c.id) ?? false}
                onCheckedChange={(on) => set({ label: toggled(filter.label, c.id, on) })}
              >
                {c.title}
              </MenuCheck>
            ))}
          </Menu>
        )}
        <Menu trigger={<Button>More</Button>}>
          <MenuCheck checked={filter.flagged === true} onCheckedChange={(on) => set({ flagged: on || undefined })}>
            Flagged
          </MenuCheck>
          <MenuCheck
            checked={filter.disagreement === true}
            onCheckedChange={(on) => set({ disagreement: on || undefined })}
          >
            People disagree
          </MenuCheck>
          <MenuCheck
            checked={filter.duplicates === true}
            onCheckedChange={(on) => set({ duplicates: on || undefined })}
          >
            Exact duplicates
          </MenuCheck>
          <MenuCheck checked={filter.late === true} onCheckedChange={(on) => set({ late: on || undefined })}>
            Labelled late
          </MenuCheck>
          <MenuSeparator />
          <MenuChoice
            label="Purpose"
            value={filter.purpose?.[0] ?? "any"}
            options={[
              { value: "any", label: "Any" },
              { value: "train", label: "Training" },
              { value: "audit", label: "Audit" },
            ]}
            onValueChange={(purpose) =>
              set({ purpose: purpose === "train" || purpose === "audit" ? [purpose] : undefined })
            }
          />
        </Menu>
        <Select
          aria-label="Order"
          className="w-40"
          options={SORTS}
          value={`${state.sort}/${state.direction}` as (typeof SORTS)[number]["value"]}
          onValueChange={(value) => {
            const [sort, direction] = value.split("/") as [ItemListState["sort"], ItemListState["direction"]];
            onChange({ ...state, sort, direction });
          }}
        />
      </form>
      <FilterChips
        filter={filter}
        classes={classes}
        onChange={set}
        onClear={() => onChange({ ...state, filter: {} })}
      />
    </div>
  );
}

function FilterChips({
  filter,
  classes,
  onChange,
  onClear,
}: {
  filter: ItemFilter;
  classes: { id: string; title: string }[];
  onChange: (change: Partial<ItemFilter>) => void;
  onClear: () => void;
}) {
  const keys = Object.keys(filter) as (keyof ItemFilter)[];
  if (keys.length === 0) return null;
  return (
    <ul aria-label="Active filters" className="flex flex-wrap items-center gap-1.5">
      {keys.map((key) => (
        <li key={key}>
          <button
            type="button"
            onClick={() => onChange({ [key]: undefined })}
            className="inline-flex h-7 items-center gap-1.5 rounded-full border border-line bg-raised ps-3 pe-2 text-sm hover:bg-hover"
          >
            {chipText(key, filter, classes)}
            <X aria-label="Take this filter off" size={13} />
          </button>
        </li>
      ))}
      <li>
        <Button size="sm" variant="ghost" onClick={onClear}>
          Clear all
        </Button>
      </li>
    </ul>
  );
}

function chipText(key: keyof ItemFilter, filter: ItemFilter, classes: { id: string; title: string }[]): string {
  const value = filter[key];
  switch (key) {
    case "search":
      return `“${value}”`;
    case "label":
      return `Label: ${(filter.label ?? []).map((id) => classes.find((c) => c.id === id)?.title ?? id).join(", ")}`;
    case "status":
      return `Status: ${(filter.status ?? []).map((s) => STATUS_WORDS[s]).join(", ")}`;
    case "purpose":
      return `Purpose: ${(filter.purpose ?? []).join(", ")}`;
    case "round":
      return `Round ${value}`;
    case "importRun":
      return `Import ${value}`;
    case "annotatorId":
      return "One annotator";
    default:
      return value === false ? `Not ${key}` : key.charAt(0).toUpperCase() + key.slice(1);
  }
}

function toggled<T>(list: T[] | undefined, value: T, on: boolean): T[] | undefined {
  const next = on ? [...(list ?? []), value] : (list ?? []).filter((v) => v !== value);
  return next.length > 0 ? next : undefined;
}

function prune(filter: ItemFilter): ItemFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}
