"use client";
import { useState } from "react";

/** Walks pages that are known by cursors only: remembers the way back. */
export function useCursorPages<C>(): {
  cursor: C | undefined;
  pageIndex: number;
  hasPrevious: boolean;
  next(cursor: C): void;
  previous(): void;
  reset(): void;
} {
  const [trail, setTrail] = useState<C[]>([]);
  return {
    cursor: trail[trail.length - 1],
    pageIndex: trail.length,
    hasPrevious: trail.length > 0,
    next: (cursor) => setTrail([...trail, cursor]),
    previous: () => setTrail(trail.slice(0, -1)),
    reset: () => setTrail([]),
  };
}
