"use client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "@/app/_ui/Button";
import { callAuth } from "@/app/_ui/callAuth";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { Input } from "@/app/_ui/Input";
import { PasswordInput } from "@/app/_ui/PasswordInput";

/** Email and password; used on the sign-in page and in the window that comes up when a session has ended. */
export function SignInForm({ email: known = "", onSignedIn }: { email?: string; onSignedIn: () => void }) {
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    mutationFn: () => callAuth("/sign-in/email", { email: email.trim(), password }),
    onSuccess: onSignedIn,
  });
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate();
      }}
    >
      <Field label="Email">
        <Input type="email" autoComplete="username" required value={email} onValueChange={setEmail} />
      </Field>
      <Field label="Password">
        <PasswordInput autoComplete="current-password" required value={password} onValueChange={setPassword} />
      </Field>
      {signIn.error && <ErrorState compact error={signIn.error} />}
      <Button type="submit" variant="primary" size="lg" busy={signIn.isPending || signIn.isSuccess}>
        Sign in
      </Button>
    </form>
  );
}
