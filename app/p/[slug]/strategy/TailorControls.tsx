"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { useNotifier } from "@/app/_ui/Toast";
import type { ProjectStrategy, ProjectView } from "@/contracts/project";
import { useStrategy } from "../_dashboard/useStrategyTitles";
import { OptionsForm } from "../settings/OptionsForm";
import { SaveRow } from "../settings/SaveRow";
import { STRATEGY_NAMES } from "../settings/strategyNames";
import { useDraft } from "../settings/useDraft";

/** Options that a lead turns while TAILOR runs; the settings have all. */
const SHOWN = ["objective", "weights", "gamma", "preset", "arms", "off", "perClass", "pin"];

/** Objective, memory, arms, pin and reset. Everything is an option of the strategy: it is stored, logged and replayed. */
export function TailorControls({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifier();
  const schema = useStrategy(project.id, "tailor")?.options;
  const draft = useDraft<ProjectStrategy>(project.strategy);
  const { main } = draft.values;
  const save = useMutation(
    trpc.project.updateStrategy.mutationOptions({
      onSuccess: async () => {
        await queryClient.invalidateQueries(trpc.project.get.queryFilter({ projectId: project.id }));
        draft.reset();
        notify("Saved. The queue is being filled again.", { tone: "good" });
      },
    }),
  );
  if (!schema) return null;
  const properties = Object.fromEntries(Object.entries(schema.properties).filter(([name]) => SHOWN.includes(name)));
  const reset = Number(project.strategy.main.options.reset ?? 0);
  return (
    <Card
      title="Controls"
      description="They take effect with the next refill and stand in the audit log."
      actions={
        <ConfirmDialog
          trigger={<Button size="sm">Forget the belief</Button>}
          title="Forget what TAILOR has learnt?"
          action="Forget it"
          onConfirm={() =>
            save.mutateAsync({
              projectId: project.id,
              strategy: {
                ...project.strategy,
                main: { id: "tailor", options: { ...project.strategy.main.options, reset: reset + 1 } },
              },
            })
          }
        >
          All arms start equal with the next round. Labels and models stay; earlier rounds keep what they stored.
        </ConfirmDialog>
      }
    >
      <form
        noValidate
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ projectId: project.id, strategy: draft.values });
        }}
      >
        <OptionsForm
          schema={{ ...schema, properties }}
          values={main.options}
          onChange={(options) => draft.set({ main: { ...main, options } })}
        />
        <SaveRow draft={draft} save={save} names={STRATEGY_NAMES} action="Apply and refill the queue" />
      </form>
    </Card>
  );
}
