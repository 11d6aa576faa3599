import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { useNotifier } from "@/app/_ui/Toast";
import type { ProjectView } from "@/contracts/project";
import type { ClaimResult } from "@/contracts/queue";

export interface FreshLabels {
  /** The label configuration as the page knows it now. */
  config(): unknown;
  /** Reads the project again. */
  reload(): void;
  /** Every claim says which configuration holds; an older one here is read again. */
  noteClaim(result: ClaimResult): ClaimResult;
}

/** Keeps an open page's labels those of the project, and says when they changed. The object stays the same. */
export function useFreshLabels(project: ProjectView): FreshLabels {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { notify } = useNotifier();
  const latest = useRef(project);
  latest.current = project;
  const seen = useRef(project.configVersion);
  useEffect(() => {
    if (seen.current === project.configVersion) return;
    seen.current = project.configVersion;
    notify("The project's labels have changed. From now on you see them as they are.", { title: "Labels changed" });
  }, [project.configVersion, notify]);
  return useMemo(() => {
    const reload = () => {
      void queries.invalidateQueries(trpc.project.get.queryFilter({ projectId: latest.current.id }));
    };
    return {
      config: () => latest.current.taskConfig,
      reload,
      noteClaim(result) {
        if (result.configVersion > latest.current.configVersion) reload();
        return result;
      },
    };
  }, [queries, trpc]);
}
