"use client";
import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import type { InputProps } from "./Input";
import { Input } from "./Input";

/** A password that can be looked at while it is typed. */
export function PasswordInput(props: InputProps) {
  const [shown, setShown] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <span className="relative block">
      <Input {...props} type={shown ? "text" : "password"} autoCapitalize="none" spellCheck={false} className="pe-11" />
      <button
        type="button"
        aria-label={shown ? "Hide the password" : "Show the password"}
        aria-pressed={shown}
        onClick={() => setShown(!shown)}
        className="-translate-y-1/2 absolute end-1 top-1/2 inline-flex size-8 items-center justify-center rounded-sm text-ink-3 hover:bg-hover hover:text-ink"
      >
        <Icon aria-hidden="true" size={17} />
      </button>
    </span>
  );
}
