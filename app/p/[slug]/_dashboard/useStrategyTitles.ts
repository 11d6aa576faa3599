"use client";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTRPC } from "@/app/_rpc/client";
import type { StrategyView } from "../settings/strategyView";

function useRegistry(projectId: number): StrategyView[] | undefined {
  const trpc = useTRPC();
  const { data } = useQuery({
    ...trpc.project.strategies.queryOptions({ projectId }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data;
}

/** Titles of strategies by id; an id that the registry does not know stays as it is. */
export function useStrategyTitles(projectId: number): (strategyId: string) => string {
  const registry = useRegistry(projectId);
  return useCallback((id) => registry?.find((s) => s.id === id)?.title ?? id, [registry]);
}

/** A strategy of the registry; undefined while it loads, for null and for an unknown id. */
export function useStrategy(projectId: number, strategyId: string | null): StrategyView | undefined {
  return useRegistry(projectId)?.find((s) => s.id === strategyId);
}
