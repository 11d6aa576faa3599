"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/app/_rpc/client";
import { useStrategyTitles } from "./useStrategyTitles";
import { wordMainProgress } from "./wordMainProgress";

/** How far the project is from its main strategy; nothing once it is reached. */
export function MainProgress({ projectId }: { projectId: number }) {
  const trpc = useTRPC();
  const titleOf = useStrategyTitles(projectId);
  const { data } = useQuery(trpc.dashboard.overview.queryOptions({ projectId }));
  const words = data && wordMainProgress(data.mainStrategy, titleOf(data.mainStrategy.id));
  return words ? <p className="text-ink-2 text-sm">{words} Audit labels do not count.</p> : null;
}
