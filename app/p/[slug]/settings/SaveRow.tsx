"use client";
import { Button } from "@/app/_ui/Button";
import { Callout } from "@/app/_ui/Callout";
import { ErrorState } from "@/app/_ui/ErrorState";
import type { Draft } from "./useDraft";

/** The end of a settings form: what went wrong, what somebody else changed meanwhile, and the buttons. */
export function SaveRow<T extends object>({
  draft,
  save,
  names,
  action = "Save",
  disabled = false,
}: {
  draft: Draft<T>;
  save: { error: unknown; isPending: boolean };
  /** What the fields are called on screen, for the note about other people's changes. */
  names: { [K in keyof T]: string };
  action?: string;
  disabled?: boolean;
}) {
  return (
    <>
      {draft.conflicts.length > 0 && (
        <Callout
          tone="warn"
          live
          action={
            <Button size="sm" onClick={draft.reset}>
              Show what is stored
            </Button>
          }
        >
          Somebody else has changed {draft.conflicts.map((key) => names[key]).join(", ")} meanwhile. Saving overwrites
          that.
        </Callout>
      )}
      {save.error != null && <ErrorState error={save.error} compact />}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" busy={save.isPending} disabled={disabled || !draft.isChanged}>
          {action}
        </Button>
        {draft.isChanged && !save.isPending && (
          <Button variant="ghost" onClick={draft.reset}>
            Discard changes
          </Button>
        )}
      </div>
    </>
  );
}
