import type { Metadata } from "next";
import { api } from "@/app/_rpc/server";
import { ButtonLink } from "@/app/_ui/Button";
import { formatUtc } from "@/app/_ui/format";
import { readWireError } from "@/app/_ui/readWireError";
import type { PasswordResetPeek } from "@/contracts/access";
import { AuthTitle } from "../_auth/AuthTitle";
import { oneOf } from "../_auth/safeNext";
import { ResetForm } from "./ResetForm";

export const metadata: Metadata = { title: "New password", referrer: "no-referrer" };

export default async function ResetPage({ searchParams }: { searchParams: Promise<{ token?: string | string[] }> }) {
  const token = oneOf((await searchParams).token) ?? "";
  const peeked = await peek(token);
  if ("problem" in peeked) {
    return (
      <>
        <AuthTitle title="This link does not work">{peeked.problem}</AuthTitle>
        <ButtonLink href="/sign-in">Go to the sign-in page</ButtonLink>
      </>
    );
  }
  const { reset } = peeked;
  return (
    <>
      <AuthTitle title="Choose a new password">
        <p>
          For the account of {reset.name} ({reset.email}). All its devices are signed out.
        </p>
        <p className="mt-1 text-ink-3 text-sm">The link works once, until {formatUtc(reset.expiresAt)}.</p>
      </AuthTitle>
      <ResetForm token={token} email={reset.email} />
    </>
  );
}

async function peek(token: string): Promise<{ reset: PasswordResetPeek } | { problem: string }> {
  if (token === "") return { problem: "The link is cut short: the part after “token=” is missing." };
  try {
    return { reset: await (await api()).access.peekPasswordReset({ token }) };
  } catch (error) {
    const cause = (error as { cause?: unknown }).cause;
    return { problem: readWireError(cause ?? error).message };
  }
}
