"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { RadioCards } from "@/app/_ui/RadioCards";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { useNotifier } from "@/app/_ui/Toast";

const CHOICES = [
  {
    value: "administrators",
    title: "Administrators only",
    hint: "Others ask for one and become its lead by invitation.",
  },
  { value: "everyone", title: "Everyone with an account", hint: "Who makes a project is its lead." },
] as const;

/** Who may make projects; changed at once. */
export function CreationCard() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifier();
  const creation = useQuery(trpc.project.creation.queryOptions());
  const setCreation = useMutation(
    trpc.project.setCreation.mutationOptions({
      onSuccess: () => notify("Saved.", { tone: "good" }),
      onError: (error) => notify(errorMessage(error), { tone: "bad" }),
      onSettled: () => queryClient.invalidateQueries(trpc.project.creation.queryFilter()),
    }),
  );
  if (creation.error) return <ErrorState error={creation.error} onRetry={() => void creation.refetch()} />;
  return (
    <Card
      title="Who may make projects"
      description="Projects that exist stay as they are; so do the roles of their people."
      className="max-w-3xl"
    >
      {creation.data ? (
        <RadioCards
          label="Who may make projects"
          columns={2}
          options={CHOICES}
          value={setCreation.isPending ? setCreation.variables.who : creation.data.who}
          onValueChange={(who) => setCreation.mutate({ who })}
        />
      ) : (
        <SkeletonText lines={3} />
      )}
    </Card>
  );
}
