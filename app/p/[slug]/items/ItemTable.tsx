"use client";
import Link from "next/link";
import type { Tone } from "@/app/_ui/Badge";
import { Badge } from "@/app/_ui/Badge";
import { Checkbox } from "@/app/_ui/Checkbox";
import { formatPercent } from "@/app/_ui/format";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { SkeletonRows } from "@/app/_ui/Skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import type { ItemPage, ItemStatus } from "@/contracts/items";
import type { ProjectView } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import type { ItemListState } from "./filterInUrl";

export const STATUS_TONES: Record<ItemStatus, Tone> = {
  open: "neutral",
  resolved: "good",
  parked: "warn",
  excluded: "bad",
};

export const STATUS_WORDS: Record<ItemStatus, string> = {
  open: "Open",
  resolved: "Resolved",
  parked: "Parked",
  excluded: "Excluded",
};

/** One page of items. The excerpt comes ready from the server: lists never carry whole contents. */
export function ItemTable({
  page,
  project,
  selected,
  onSelect,
  state,
}: {
  page: ItemPage | undefined;
  project: ProjectView;
  selected: ReadonlySet<number>;
  onSelect: (rows: ReadonlySet<number>) => void;
  state: ItemListState;
}) {
  const type = getTaskType(project.taskType);
  const rows = page?.rows ?? [];
  const chosenHere = rows.filter((r) => selected.has(r.row)).length;
  const selectAll = (on: boolean) => {
    const next = new Set(selected);
    for (const r of rows)
      if (on) next.add(r.row);
      else next.delete(r.row);
    onSelect(next);
  };
  const selectOne = (row: number, on: boolean) => {
    const next = new Set(selected);
    if (on) next.add(row);
    else next.delete(row);
    onSelect(next);
  };
  return (
    <Table label="Items">
      <THead>
        <Th className="w-10">
          <Checkbox
            label="Choose all on this page"
            labelHidden
            checked={rows.length > 0 && chosenHere === rows.length}
            indeterminate={chosenHere > 0 && chosenHere < rows.length}
            onCheckedChange={selectAll}
          />
        </Th>
        <Th numeric sorted={state.sort === "row" ? state.direction : null}>
          Row
        </Th>
        <Th>Item</Th>
        <Th>Status</Th>
        <Th>Label</Th>
        <Th numeric>Opinions</Th>
        <Th numeric sorted={state.sort === "agreement" ? state.direction : null}>
          Agreement
        </Th>
        <Th sorted={state.sort === "recentlyLabelled" ? state.direction : null}>Last label</Th>
      </THead>
      {page === undefined ? (
        <SkeletonRows rows={12} columns={8} />
      ) : (
        <TBody>
          {rows.map((item) => (
            <Tr key={item.row}>
              <Td>
                <Checkbox
                  label={`Choose item ${item.row}`}
                  labelHidden
                  checked={selected.has(item.row)}
                  onCheckedChange={(on) => selectOne(item.row, on)}
                />
              </Td>
              <Td numeric className="text-ink-3">
                {item.row}
              </Td>
              <Td className="min-w-52 max-w-xl">
                <Link
                  href={`/p/${project.slug}/items/${item.row}`}
                  className="line-clamp-2 underline-offset-2 hover:underline"
                  dir="auto"
                >
                  {item.excerpt || item.externalId}
                </Link>
                <span className="mt-0.5 flex flex-wrap gap-1.5 text-ink-3 text-xs">
                  <span className="max-w-60 truncate">{item.externalId}</span>
                  {item.duplicateOf !== null && <Badge>copy of {item.duplicateOf}</Badge>}
                  {item.nOpenFlags > 0 && <Badge tone="warn">flagged</Badge>}
                </span>
              </Td>
              <Td>
                <Badge tone={STATUS_TONES[item.status]}>{STATUS_WORDS[item.status]}</Badge>
              </Td>
              <Td>
                {item.consensus == null ? (
                  <span className="text-ink-3">–</span>
                ) : (
                  titleOf(type, project, item.consensus)
                )}
              </Td>
              <Td numeric>{item.nLabels}</Td>
              <Td numeric>{item.agreement === null ? "–" : formatPercent(item.agreement, 0)}</Td>
              <Td className="whitespace-nowrap">
                <RelativeTime iso={item.lastLabelAt} />
              </Td>
            </Tr>
          ))}
        </TBody>
      )}
    </Table>
  );
}

/** A label value in words. */
export function titleOf(type: ReturnType<typeof getTaskType>, project: ProjectView, value: unknown): string {
  const index = type.classIndex(project.taskConfig, value);
  return index === undefined
    ? type.formatValue(project.taskConfig, value)
    : type.classes(project.taskConfig)[index].title;
}
