"use client";
import { useMutation } from "@tanstack/react-query";
import { memo, useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { Dialog } from "@/app/_ui/Dialog";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { Textarea } from "@/app/_ui/Input";
import { useNotifier } from "@/app/_ui/Toast";
import { LIMITS } from "@/contracts/limits";

/** A word to the lead about an item. What was written stays until the server has it. */
export const FlagDialog = memo(function FlagDialog({
  projectId,
  row,
  excerpt,
  open,
  onOpenChange,
}: {
  projectId: number;
  row: number;
  excerpt: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const [comment, setComment] = useState("");
  const flag = useMutation(
    trpc.annotation.flag.mutationOptions({
      onSuccess() {
        setComment("");
        onOpenChange(false);
        notify("Flagged. The lead sees your comment.", { tone: "good" });
      },
    }),
  );
  const send = () => {
    if (comment.trim() !== "" && !flag.isPending) flag.mutate({ projectId, row, comment });
  };

  return (
    <Dialog
      size="sm"
      title="Flag this item"
      description="The item stays here to be labelled; the comment goes to the lead."
      open={open}
      onOpenChange={onOpenChange}
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <p dir="auto" className="line-clamp-3 rounded-md bg-sunken px-3 py-2 text-ink-2 text-sm">
          {excerpt}
        </p>
        <Field label="Comment" hint="Ctrl+Enter sends">
          <Textarea
            dir="auto"
            value={comment}
            onValueChange={setComment}
            maxLength={LIMITS.commentLength}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
            }}
          />
        </Field>
        {flag.error && <ErrorState compact error={flag.error} />}
        <Button
          type="submit"
          variant="primary"
          className="self-end"
          busy={flag.isPending}
          disabled={comment.trim() === ""}
        >
          Flag
        </Button>
      </form>
    </Dialog>
  );
});
