import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { api } from "@/app/_rpc/server";
import { ButtonLink } from "@/app/_ui/Button";
import { AuthTitle } from "../_auth/AuthTitle";
import { oneOf } from "../_auth/safeNext";
import { SetupForm } from "./SetupForm";

export const metadata: Metadata = { title: "Set up", referrer: "no-referrer" };

export default async function SetupPage({ searchParams }: { searchParams: Promise<{ token?: string | string[] }> }) {
  const token = oneOf((await searchParams).token);
  const { needsSetup, user } = await (await api()).access.state();
  if (user) redirect("/");
  if (!needsSetup) {
    return (
      <>
        <AuthTitle title="Already set up">
          This instance has its administrator. The set-up link worked once and does nothing any more.
        </AuthTitle>
        <ButtonLink href="/sign-in" variant="primary" size="lg">
          Sign in
        </ButtonLink>
      </>
    );
  }
  if (!token) {
    return (
      <AuthTitle title="Almost there">
        <p>
          This instance has no administrator yet. Open the one-time set-up link that Winnow printed in the terminal
          where it was started; it ends in <code className="font-mono text-sm">/setup?token=…</code>
        </p>
      </AuthTitle>
    );
  }
  return (
    <>
      <AuthTitle title="Create the first account">
        You will be the administrator: you make projects and invite people. The link works once.
      </AuthTitle>
      <SetupForm token={token} />
    </>
  );
}
