"use client";
import { useMutation } from "@tanstack/react-query";
import { useTRPCClient } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { ErrorState } from "@/app/_ui/ErrorState";
import type { ViewerView } from "@/contracts/access";

/** Somebody who has an account only says yes. */
export function JoinSignedIn({ token, user }: { token: string; user: ViewerView }) {
  const client = useTRPCClient();
  const join = useMutation({
    mutationFn: () => client.invitation.accept.mutate({ token }),
    onSuccess: ({ projectSlug }) => window.location.assign(projectSlug ? `/p/${projectSlug}` : "/"),
  });
  return (
    <div className="flex flex-col gap-4">
      <p>
        You are signed in as <strong className="font-[620]">{user.name}</strong> ({user.email}).
      </p>
      {join.error && <ErrorState compact error={join.error} />}
      <Button variant="primary" size="lg" busy={join.isPending || join.isSuccess} onClick={() => join.mutate()}>
        Join as {user.name}
      </Button>
    </div>
  );
}
