"use client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPCClient } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { callAuth } from "@/app/_ui/callAuth";
import { AccountFields, checkAccount, FormError, problemsOf } from "../_auth/AccountFields";

/** A new account through an invitation, signed in at once. */
export function JoinForm({ token, email }: { token: string; email: string | null }) {
  const client = useTRPCClient();
  const [account, setAccount] = useState({ name: "", email: email ?? "", password: "" });
  const [tried, setTried] = useState(false);
  const problems = tried ? checkAccount(account) : {};

  const join = useMutation({
    mutationFn: async () => {
      const joined = await client.invitation.accept.mutate({ token, ...account });
      await callAuth("/sign-in/email", { email: account.email.trim(), password: account.password });
      return joined;
    },
    onSuccess: ({ projectSlug }) => window.location.assign(projectSlug ? `/p/${projectSlug}` : "/"),
  });

  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (Object.keys(checkAccount(account)).length === 0) join.mutate();
      }}
    >
      <AccountFields
        account={account}
        problems={{ ...problemsOf(join.error), ...problems }}
        emailFixed={email !== null}
        onChange={setAccount}
      />
      <FormError error={join.error} />
      <Button type="submit" variant="primary" size="lg" busy={join.isPending || join.isSuccess}>
        Join
      </Button>
    </form>
  );
}
