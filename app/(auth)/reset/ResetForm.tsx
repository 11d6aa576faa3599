"use client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPCClient } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { callAuth } from "@/app/_ui/callAuth";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { PasswordInput } from "@/app/_ui/PasswordInput";
import { password as passwordSchema } from "@/contracts/access";
import { LIMITS } from "@/contracts/limits";

/** The new password; who sets it is signed in at once. */
export function ResetForm({ token, email }: { token: string; email: string }) {
  const client = useTRPCClient();
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const isGood = passwordSchema.safeParse(password).success;
  const reset = useMutation({
    mutationFn: async () => {
      await client.access.resetPassword.mutate({ token, password });
      try {
        await callAuth("/sign-in/email", { email, password });
        return "/";
      } catch {
        // The password is set and the link used up: what is left to do is to sign in, once that is possible.
        return "/sign-in";
      }
    },
    onSuccess: (path) => window.location.assign(path),
  });
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (isGood) reset.mutate();
      }}
    >
      {/* Tells password managers whose password this is. */}
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      <Field
        label="New password"
        error={
          tried && !isGood
            ? `Choose a password of ${LIMITS.passwordMin} to ${LIMITS.passwordMax} characters.`
            : undefined
        }
        hint={`${LIMITS.passwordMin} characters or more. A sentence is fine.`}
      >
        <PasswordInput autoComplete="new-password" value={password} onValueChange={setPassword} />
      </Field>
      {reset.error && <ErrorState compact error={reset.error} />}
      <Button type="submit" variant="primary" size="lg" busy={reset.isPending || reset.isSuccess}>
        Set the password
      </Button>
    </form>
  );
}
