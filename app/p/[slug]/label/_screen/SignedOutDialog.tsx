"use client";
import { useState } from "react";
import { useTRPCClient } from "@/app/_rpc/client";
import { Callout } from "@/app/_ui/Callout";
import { Dialog } from "@/app/_ui/Dialog";
import { countOf } from "@/app/_ui/format";
import { SignInForm } from "@/app/(auth)/_auth/SignInForm";
import type { ViewerView } from "@/contracts/access";

/** The session has ended while somebody worked: nothing is lost, and signing in goes on where they were. */
export function SignedOutDialog({
  user,
  unsent,
  open,
  onSignedIn,
}: {
  user: ViewerView;
  unsent: number;
  open: boolean;
  onSignedIn: () => void;
}) {
  const client = useTRPCClient();
  const [stranger, setStranger] = useState<string | null>(null);

  async function check() {
    const { user: now } = await client.access.state.query();
    if (now?.id === user.id) onSignedIn();
    else setStranger(now?.name ?? "somebody else");
  }

  return (
    <Dialog
      size="sm"
      dismissible={false}
      open={open}
      title="Your session has ended"
      description={
        unsent === 0
          ? "Sign in again to go on where you were."
          : `${countOf(unsent, "answer is", "answers are")} safe in this browser and will be sent when you sign in.`
      }
    >
      {stranger ? (
        <Callout tone="warn" title={`This browser is now signed in as ${stranger}`}>
          The answers of {user.name} stay here until {user.name} signs in.{" "}
          <a className="underline underline-offset-2" href="/">
            Go on as {stranger}
          </a>
        </Callout>
      ) : (
        <SignInForm email={user.email} onSignedIn={() => void check()} />
      )}
    </Dialog>
  );
}
