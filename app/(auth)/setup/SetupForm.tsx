"use client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPCClient } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { callAuth } from "@/app/_ui/callAuth";
import { AccountFields, checkAccount, FormError, problemsOf } from "../_auth/AccountFields";

export function SetupForm({ token }: { token: string }) {
  const client = useTRPCClient();
  const [account, setAccount] = useState({ name: "", email: "", password: "" });
  const [tried, setTried] = useState(false);
  const problems = tried ? checkAccount(account) : {};

  const setup = useMutation({
    mutationFn: async () => {
      await client.access.completeSetup.mutate({ token, ...account });
      await callAuth("/sign-in/email", { email: account.email.trim(), password: account.password });
    },
    onSuccess: () => window.location.assign("/"),
  });

  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (Object.keys(checkAccount(account)).length === 0) setup.mutate();
      }}
    >
      <AccountFields account={account} problems={{ ...problemsOf(setup.error), ...problems }} onChange={setAccount} />
      <FormError error={setup.error} />
      <Button type="submit" variant="primary" size="lg" busy={setup.isPending || setup.isSuccess}>
        Create the account
      </Button>
    </form>
  );
}
