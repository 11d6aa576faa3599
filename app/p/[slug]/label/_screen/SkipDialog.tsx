"use client";
import type { KeyboardEvent } from "react";
import { memo, useState } from "react";
import { Button } from "@/app/_ui/Button";
import { Dialog } from "@/app/_ui/Dialog";
import { Field } from "@/app/_ui/Field";
import { Input } from "@/app/_ui/Input";
import { Kbd } from "@/app/_ui/Kbd";
import { LIMITS } from "@/contracts/limits";
import { isTypingTarget } from "@/task-types/_shared/isTypingTarget";
import { readKey } from "@/task-types/_shared/readKey";

/** Reasons worth counting; anything else can be written. Stored as text with the skip. */
const REASONS = ["Not sure", "Several labels fit", "No label fits", "Text is unclear", "Text is broken"] as const;

/** Why an item is skipped: a digit, a click, or words. */
export const SkipDialog = memo(function SkipDialog({
  open,
  onOpenChange,
  onSkip,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onSkip: (reason: string) => void;
}) {
  const [own, setOwn] = useState("");

  function skip(reason: string) {
    setOwn("");
    onOpenChange(false);
    onSkip(reason);
  }
  function onKeyDown(event: KeyboardEvent) {
    if (isTypingTarget(event.target) || event.repeat) return;
    const reason = REASONS[Number(readKey(event.nativeEvent)[0]) - 1];
    if (reason) {
      event.preventDefault();
      skip(reason);
    }
  }

  return (
    <Dialog
      size="sm"
      title="Skip this item"
      description="Others may still get it. The lead sees the reasons."
      open={open}
      onOpenChange={onOpenChange}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: digits choose among the buttons inside. */}
      <div className="flex flex-col gap-1.5" onKeyDown={onKeyDown}>
        {REASONS.map((reason, i) => (
          <button
            key={reason}
            type="button"
            aria-keyshortcuts={String(i + 1)}
            onClick={() => skip(reason)}
            className="flex min-h-11 items-center justify-between rounded-md border border-line px-3.5 text-start hover:bg-hover sm:min-h-10"
          >
            {reason}
            <span aria-hidden="true" className="pointer-coarse:hidden">
              <Kbd>{i + 1}</Kbd>
            </span>
          </button>
        ))}
        <form
          className="mt-3 flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            skip(own.trim());
          }}
        >
          <Field label="Another reason" optional>
            <Input value={own} onValueChange={setOwn} maxLength={LIMITS.commentLength} />
          </Field>
          <Button type="submit" className="self-end">
            {own.trim() === "" ? "Skip without a reason" : "Skip"}
          </Button>
        </form>
      </div>
    </Dialog>
  );
});
