"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "@/app/_rpc/client";
import { Card } from "@/app/_ui/Card";
import { Field } from "@/app/_ui/Field";
import { Textarea } from "@/app/_ui/Input";
import { Markdown } from "@/app/_ui/Markdown";
import { useNotifier } from "@/app/_ui/Toast";
import { LIMITS } from "@/contracts/limits";
import type { ProjectView } from "@/contracts/project";
import { SaveRow } from "./SaveRow";
import { useDraft } from "./useDraft";

const EDITOR_ROWS = 18;

/** Written beside what annotators will read. Saving makes a new version; annotators are told that it changed. */
export function GuidelinesPanel({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifier();
  const draft = useDraft({ guidelines: project.guidelines });
  const text = draft.values.guidelines;
  const save = useMutation(
    trpc.project.updateGuidelines.mutationOptions({
      onSuccess: async () => {
        await queryClient.invalidateQueries(trpc.project.get.queryFilter({ projectId: project.id }));
        notify("Saved as a new version.", { tone: "good" });
      },
    }),
  );
  return (
    <Card
      title="Guidelines"
      description={`Version ${project.guidelinesVersion}. Each annotation remembers the version its annotator could read.`}
    >
      <div className="grid gap-5 lg:grid-cols-2">
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate({ projectId: project.id, guidelines: text }, { onSuccess: draft.reset });
          }}
        >
          <Field label="Text" hint="Markdown: headings, lists, emphasis, tables. HTML is shown as text.">
            <Textarea
              value={text}
              onValueChange={(guidelines) => draft.set({ guidelines })}
              rows={EDITOR_ROWS}
              maxLength={LIMITS.guidelinesBytes}
              className="font-mono text-sm"
            />
          </Field>
          <SaveRow
            draft={draft}
            save={save}
            names={{ guidelines: "the guidelines" }}
            action={`Save as version ${project.guidelinesVersion + 1}`}
          />
        </form>
        <section aria-label="Preview" className="min-w-0 rounded-md border border-line bg-sunken p-4">
          {text.trim() === "" ? (
            <p className="text-ink-3 text-sm">The preview appears here.</p>
          ) : (
            <Markdown text={text} />
          )}
        </section>
      </div>
    </Card>
  );
}
