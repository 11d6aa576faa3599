import type { Metadata } from "next";
import Link from "next/link";
import { api } from "@/app/_rpc/server";
import { ButtonLink } from "@/app/_ui/Button";
import { formatUtc } from "@/app/_ui/format";
import { readWireError } from "@/app/_ui/readWireError";
import type { InvitationPeek } from "@/contracts/access";
import type { ProjectRole } from "@/contracts/permissions";
import { AuthTitle } from "../_auth/AuthTitle";
import { oneOf } from "../_auth/safeNext";
import { JoinForm } from "./JoinForm";
import { JoinSignedIn } from "./JoinSignedIn";

export const metadata: Metadata = { title: "Join", referrer: "no-referrer" };

const ROLE_TEXT: Record<ProjectRole, string> = {
  lead: "a lead: you import items, set the project up and invite people",
  reviewer: "a reviewer: you label, see everybody's answers and settle disagreements",
  annotator: "an annotator: you label items",
};

export default async function JoinPage({ searchParams }: { searchParams: Promise<{ token?: string | string[] }> }) {
  const token = oneOf((await searchParams).token) ?? "";
  const caller = await api();
  const [peeked, { user }] = await Promise.all([peek(token), caller.access.state()]);
  if ("problem" in peeked) {
    return (
      <>
        <AuthTitle title="This invitation does not work">{peeked.problem}</AuthTitle>
        <ButtonLink href="/">Go to the projects</ButtonLink>
      </>
    );
  }
  const { invitation } = peeked;
  return (
    <>
      <AuthTitle title={invitation.projectName ? `Join ${invitation.projectName}` : "Join Winnow"}>
        <p>{describe(invitation)}</p>
        <p className="mt-1 text-ink-3 text-sm">The invitation works once, until {formatUtc(invitation.expiresAt)}.</p>
      </AuthTitle>
      {user ? (
        <JoinSignedIn token={token} user={user} />
      ) : (
        <>
          <JoinForm token={token} email={invitation.email} />
          <p className="mt-5 text-ink-2 text-sm">
            Have an account here?{" "}
            <Link
              className="text-accent-text underline underline-offset-2"
              href={`/sign-in?next=${encodeURIComponent(`/join?token=${token}`)}`}
            >
              Sign in and join
            </Link>
          </p>
        </>
      )}
    </>
  );
}

async function peek(token: string): Promise<{ invitation: InvitationPeek } | { problem: string }> {
  if (token === "") return { problem: "The link is cut short: the part after “token=” is missing." };
  try {
    return { invitation: await (await api()).invitation.peek({ token }) };
  } catch (error) {
    const cause = (error as { cause?: unknown }).cause;
    return { problem: readWireError(cause ?? error).message };
  }
}

function describe({ projectRole, instanceRole }: InvitationPeek): string {
  if (projectRole) return `You are invited as ${ROLE_TEXT[projectRole]}.`;
  if (instanceRole === "administrator") return "You are invited as an administrator of this instance.";
  return "You are invited to this instance; a lead then adds you to a project.";
}
