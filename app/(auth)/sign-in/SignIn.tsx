"use client";
import { SignInForm } from "../_auth/SignInForm";

/** Leaves by a full load, so that nothing of an earlier visitor stays in memory. */
export function SignIn({ next }: { next: string }) {
  return <SignInForm onSignedIn={() => window.location.assign(next)} />;
}
