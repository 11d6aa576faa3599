"use client";
import { useRouter, useSearchParams } from "next/navigation";
import { useSyncExternalStore } from "react";
import type { ItemPage } from "@/contracts/items";

/** What is known of one list while its tab lives: the cursor of each page that was seen, and how many items match. */
interface SeenList {
  cursors: (string | undefined)[];
  count: ItemPage["count"];
}
const seen = new Map<string, SeenList>();
const SEEN_MAX = 50;

/** The list that was last looked at in each project, for the way back from an item. */
const lastAddress = new Map<string, string>();

const staysAsItIs = () => () => undefined;

/** Where "back to the items" leads: the list as it was left. */
export function useLastListAddress(slug: string): string {
  const start = `/p/${slug}/items`;
  return useSyncExternalStore(
    staysAsItIs,
    () => lastAddress.get(slug) ?? start,
    () => start,
  );
}

export interface ItemPages {
  cursor: string | undefined;
  pageIndex: number;
  hasPrevious: boolean;
  next: (cursor: string) => void;
  previous: () => void;
  /** Notes the count that comes with the first page only; returns what is known. */
  keepCount: (page: ItemPage | undefined) => ItemPage["count"];
}

/**
 * Pages of a list, known by cursors only. The page stands in the address, so that the browser's back button turns back,
 * and so does coming back from an item; the cursors before it are remembered while the tab lives. Where they are not (the
 * address was opened elsewhere), "previous" leads to the first page.
 */
export function useItemPages(slug: string, query: string): ItemPages {
  const router = useRouter();
  const params = useSearchParams();
  const page = params.get("page");
  const cursor = params.get("cursor") ?? undefined;
  const pageIndex = cursor !== undefined && page !== null && /^\d{1,6}$/.test(page) ? Math.max(1, Number(page) - 1) : 0;
  const name = `${slug}?${query}`;
  const list = remember(name);
  list.cursors[pageIndex] = cursor;
  // On the server this memory would be everybody's.
  if (typeof window !== "undefined") lastAddress.set(slug, addressOf(slug, query, pageIndex, cursor));

  function go(index: number, to: string | undefined) {
    router.push(addressOf(slug, query, index, to));
  }
  return {
    cursor,
    pageIndex,
    hasPrevious: cursor !== undefined,
    next: (to) => go(pageIndex + 1, to),
    previous: () => {
      const before = pageIndex > 1 ? list.cursors[pageIndex - 1] : undefined;
      go(before === undefined ? 0 : pageIndex - 1, before);
    },
    keepCount: (shown) => {
      if (shown?.count) list.count = shown.count;
      return list.count;
    },
  };
}

function remember(name: string): SeenList {
  let list = seen.get(name);
  if (!list && typeof window === "undefined") return { cursors: [undefined], count: null };
  if (!list) {
    list = { cursors: [undefined], count: null };
    seen.set(name, list);
    const [oldest] = seen.keys();
    if (seen.size > SEEN_MAX && oldest !== undefined) seen.delete(oldest);
  }
  return list;
}

function addressOf(slug: string, query: string, pageIndex: number, cursor: string | undefined): string {
  const params = new URLSearchParams(query);
  if (cursor !== undefined && pageIndex > 0) {
    params.set("cursor", cursor);
    params.set("page", String(pageIndex + 1));
  }
  const text = params.toString();
  return `/p/${slug}/items${text === "" ? "" : `?${text}`}`;
}
