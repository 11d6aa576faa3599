"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "@/app/_rpc/client";
import { useNotifier } from "@/app/_ui/Toast";

/** Saves settings of a project and shows what was stored. */
export function useSaveProject(projectId: number) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifier();
  return useMutation(
    trpc.project.update.mutationOptions({
      onSuccess: async () => {
        await queryClient.invalidateQueries(trpc.project.get.queryFilter({ projectId }));
        notify("Saved.", { tone: "good" });
      },
    }),
  );
}
