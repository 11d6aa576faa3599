"use client";
import { AlertDialog } from "@base-ui/react/alert-dialog";
import type { ReactElement, ReactNode } from "react";
import { useState } from "react";
import { Button, buttonClass } from "./Button";
import { ErrorState } from "./ErrorState";
import { Input } from "./Input";

export interface ConfirmDialogProps {
  trigger?: ReactElement;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  title: string;
  /** What will happen, in numbers where there are any. */
  children: ReactNode;
  /** The verb on the button: "Delete 12 items". */
  action: string;
  tone?: "danger" | "primary";
  /** The person must type this word before the button works; for what cannot be taken back. */
  typeToConfirm?: string;
  /** Resolves when done, which closes the dialog; a rejection is shown inside. */
  onConfirm: () => unknown | Promise<unknown>;
}

/** Asks before something that matters. Escape and "Cancel" change nothing. */
export function ConfirmDialog({
  trigger,
  open: openProp,
  onOpenChange,
  title,
  children,
  action,
  tone = "primary",
  typeToConfirm,
  onConfirm,
}: ConfirmDialogProps) {
  const [ownOpen, setOwnOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const open = openProp ?? ownOpen;

  function setOpen(next: boolean) {
    if (busy) return;
    setTyped("");
    setError(null);
    setOwnOpen(next);
    onOpenChange?.(next);
  }
  async function confirm() {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      setBusy(false);
      setOwnOpen(false);
      onOpenChange?.(false);
    } catch (thrown) {
      setBusy(false);
      setError(thrown);
    }
  }

  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      {trigger && <AlertDialog.Trigger render={trigger} />}
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-30 bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <AlertDialog.Viewport className="fixed inset-0 z-30 flex items-end justify-center sm:items-center sm:p-6">
          <AlertDialog.Popup className="flex max-h-[92dvh] w-full flex-col gap-3 overflow-y-auto rounded-t-lg border border-line bg-raised p-5 text-ink shadow-pop transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0 sm:max-w-md sm:rounded-lg">
            <AlertDialog.Title className="font-[620] text-xl">{title}</AlertDialog.Title>
            <AlertDialog.Description render={<div />} className="text-base text-ink-2">
              {children}
            </AlertDialog.Description>
            {typeToConfirm !== undefined && (
              // biome-ignore lint/a11y/noLabelWithoutControl: Input is the control.
              <label className="flex flex-col gap-1.5 text-sm">
                <span>
                  Type <strong className="font-[620]">{typeToConfirm}</strong> to go on
                </span>
                <Input value={typed} onValueChange={setTyped} autoComplete="off" spellCheck={false} />
              </label>
            )}
            {error !== null && <ErrorState error={error} compact />}
            <div className="mt-2 flex flex-wrap justify-end gap-2">
              <AlertDialog.Close className={buttonClass("secondary")} disabled={busy}>
                Cancel
              </AlertDialog.Close>
              <Button
                variant={tone}
                busy={busy}
                disabled={typeToConfirm !== undefined && typed !== typeToConfirm}
                onClick={confirm}
              >
                {action}
              </Button>
            </div>
          </AlertDialog.Popup>
        </AlertDialog.Viewport>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
