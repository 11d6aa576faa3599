"use client";
import type { z } from "zod";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { Input } from "@/app/_ui/Input";
import { PasswordInput } from "@/app/_ui/PasswordInput";
import { readWireError } from "@/app/_ui/readWireError";
import { emailAddress, password as passwordSchema, personName } from "@/contracts/access";
import { LIMITS } from "@/contracts/limits";

export interface NewAccount {
  name: string;
  email: string;
  password: string;
}
export type AccountProblems = Partial<Record<keyof NewAccount, string>>;

const SCHEMAS: Record<keyof NewAccount, { schema: z.ZodType; message: string }> = {
  name: { schema: personName, message: "Enter the name others will see, 100 characters at most." },
  email: { schema: emailAddress, message: "Enter an email address such as ana@example.org." },
  password: {
    schema: passwordSchema,
    message: `Choose a password of ${LIMITS.passwordMin} to ${LIMITS.passwordMax} characters.`,
  },
};

/** What is wrong with an account before it is sent; empty when nothing is. */
export function checkAccount(account: NewAccount): AccountProblems {
  const problems: AccountProblems = {};
  for (const key of ["name", "email", "password"] as const) {
    if (!SCHEMAS[key].schema.safeParse(account[key]).success) problems[key] = SCHEMAS[key].message;
  }
  return problems;
}

/** Name, email and password of a person who is new here, with what is wrong at each. */
export function AccountFields({
  account,
  problems,
  emailFixed = false,
  onChange,
}: {
  account: NewAccount;
  problems: AccountProblems;
  /** The invitation names the address. */
  emailFixed?: boolean;
  onChange: (account: NewAccount) => void;
}) {
  return (
    <>
      <Field label="Your name" error={problems.name}>
        <Input autoComplete="name" value={account.name} onValueChange={(name) => onChange({ ...account, name })} />
      </Field>
      <Field label="Email" error={problems.email} hint={emailFixed ? "The invitation is for this address." : undefined}>
        <Input
          type="email"
          autoComplete="username"
          readOnly={emailFixed}
          value={account.email}
          onValueChange={(email) => onChange({ ...account, email })}
        />
      </Field>
      <Field
        label="Password"
        error={problems.password}
        hint={`${LIMITS.passwordMin} characters or more. A sentence is fine.`}
      >
        <PasswordInput
          autoComplete="new-password"
          value={account.password}
          onValueChange={(password) => onChange({ ...account, password })}
        />
      </Field>
    </>
  );
}

/** An error of the whole form; one that names a field of the account stands at that field instead. */
export function FormError({ error }: { error: unknown }) {
  if (!error || fieldOf(error)) return null;
  return <ErrorState compact error={error} />;
}

/** The problems an answer of the server names. */
export function problemsOf(error: unknown): AccountProblems {
  const field = error ? fieldOf(error) : null;
  return field ? { [field]: readWireError(error).message } : {};
}

function fieldOf(error: unknown): keyof NewAccount | null {
  const { field } = readWireError(error);
  return field === "name" || field === "email" || field === "password" ? field : null;
}
