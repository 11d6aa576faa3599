"use client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { CopyOnce } from "@/app/_ui/CopyOnce";
import { Dialog } from "@/app/_ui/Dialog";
import { ErrorState } from "@/app/_ui/ErrorState";
import { formatUtc } from "@/app/_ui/format";
import type { UserRow } from "@/contracts/access";
import { LIMITS } from "@/contracts/limits";

/** Makes a one-time link with which somebody who forgot the password chooses a new one. */
export function ResetPasswordDialog({ user }: { user: UserRow }) {
  const trpc = useTRPC();
  const [isOpen, setIsOpen] = useState(false);
  const create = useMutation(trpc.access.createPasswordReset.mutationOptions());
  return (
    <Dialog
      title={`New password for ${user.name}`}
      open={isOpen}
      onOpenChange={(open) => {
        setIsOpen(open);
        // The link is shown once: closing the window forgets it.
        if (!open) create.reset();
      }}
      trigger={<Button size="sm">Reset password</Button>}
      footer={
        create.data ? (
          <Button variant="primary" onClick={() => setIsOpen(false)}>
            Done
          </Button>
        ) : (
          <>
            <Button onClick={() => setIsOpen(false)}>Cancel</Button>
            <Button variant="primary" busy={create.isPending} onClick={() => create.mutate({ userId: user.id })}>
              Make a link
            </Button>
          </>
        )
      }
    >
      <div className="flex flex-col gap-4">
        <p className="text-ink-2">
          A link that works once, for {LIMITS.passwordResetHours} hours. Winnow sends no mail: pass it on to{" "}
          {user.email} yourself, over a way you trust. The old password and their sessions end when it is used; links
          made before end now.
        </p>
        {create.error && <ErrorState error={create.error} compact />}
        {create.data && (
          <CopyOnce
            label="Reset link"
            secret={create.data.url}
            note={`Shown only this once. It works until ${formatUtc(create.data.expiresAt)}.`}
          />
        )}
      </div>
    </Dialog>
  );
}
