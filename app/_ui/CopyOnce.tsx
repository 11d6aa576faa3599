"use client";
import { Check, Copy } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "./Button";

/**
 * A secret that the server shows exactly once (an API key, an invitation link), with a button to copy it. Without clipboard
 * access (plain http) the text is selected so that Ctrl+C works.
 */
export function CopyOnce({ label, secret, note }: { label: string; secret: string; note?: string }) {
  const [state, setState] = useState<"idle" | "copied" | "selected">("idle");
  const box = useRef<HTMLInputElement>(null);

  async function copy() {
    try {
      await navigator.clipboard.writeText(secret);
      setState("copied");
    } catch {
      box.current?.select();
      setState("selected");
    }
  }

  return (
    <div className="rounded-md border border-accent-line bg-accent-soft p-3.5">
      <label className="flex flex-col gap-1.5">
        <span className="font-[550] text-sm">{label}</span>
        <span className="flex gap-2">
          <input
            ref={box}
            readOnly
            value={secret}
            onFocus={(event) => event.target.select()}
            className="h-9 min-w-0 flex-1 rounded-md border border-line-strong/60 bg-raised px-2.5 font-mono text-sm"
          />
          <Button
            variant="primary"
            onClick={copy}
            icon={state === "copied" ? <Check aria-hidden="true" size={15} /> : <Copy aria-hidden="true" size={15} />}
          >
            {state === "copied" ? "Copied" : "Copy"}
          </Button>
        </span>
      </label>
      <p role="status" className="mt-2 text-ink-2 text-sm">
        {state === "selected"
          ? "The browser gives no access to the clipboard here. The text is selected: press Ctrl+C."
          : (note ?? "Shown only this once. Copy it now; it cannot be read again later.")}
      </p>
    </div>
  );
}
