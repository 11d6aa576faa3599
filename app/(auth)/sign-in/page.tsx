import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { api } from "@/app/_rpc/server";
import { AuthTitle } from "../_auth/AuthTitle";
import { safeNext } from "../_auth/safeNext";
import { SignIn } from "./SignIn";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const next = safeNext((await searchParams).next);
  const { needsSetup, user } = await (await api()).access.state();
  if (user) redirect(next);
  if (needsSetup) redirect("/setup");
  return (
    <>
      <AuthTitle title="Sign in" />
      <SignIn next={next} />
      <p className="mt-6 text-ink-3 text-sm">
        No account? Accounts are made by invitation: ask a lead of your project for a link. Forgot the password? An
        administrator can give you a link to choose a new one.
      </p>
    </>
  );
}
