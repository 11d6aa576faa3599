"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { Badge } from "@/app/_ui/Badge";
import { Button } from "@/app/_ui/Button";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { NumberInput } from "@/app/_ui/NumberInput";
import { Select } from "@/app/_ui/Select";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { useNotifier } from "@/app/_ui/Toast";
import type { ProjectStrategy, ProjectView } from "@/contracts/project";
import { StrategyOptions } from "./StrategyOptions";
import type { StrategyView } from "./strategyView";

type Ref = ProjectStrategy["main"];

/** What fills the queue: the main strategy, what comes before it, and the random share that keeps both honest. */
export function StrategyPanel({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifier();
  const registry = useQuery(trpc.project.strategies.queryOptions({ projectId: project.id }));
  const [draft, setDraft] = useState<ProjectStrategy>(project.strategy);
  const save = useMutation(
    trpc.project.updateStrategy.mutationOptions({
      onSuccess: async () => {
        await queryClient.invalidateQueries(trpc.project.get.queryFilter({ projectId: project.id }));
        notify("Saved. The queue is being filled again.", { tone: "good" });
      },
    }),
  );
  const set = (change: Partial<ProjectStrategy>) => setDraft({ ...draft, ...change });
  if (registry.error) return <ErrorState error={registry.error} onRetry={() => void registry.refetch()} />;
  if (!registry.data) return <SkeletonText lines={8} />;
  return (
    <form
      className="grid gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ projectId: project.id, strategy: draft });
      }}
    >
      <div className="flex flex-col gap-5">
        <StrategyChoice
          title="Main strategy"
          description="Ranks the pool once a model has learnt enough."
          strategies={registry.data}
          value={draft.main}
          onChange={(main) => set({ main })}
        />
        <StrategyChoice
          title="Cold start"
          description="Fills the queue until then; it must not need a model."
          strategies={registry.data.filter(
            (s) => !s.needs.arrays.includes("probabilities") && !s.needs.arrays.includes("head"),
          )}
          value={draft.coldStart}
          onChange={(coldStart) => set({ coldStart })}
        />
      </div>
      <Card title="The mix" className="self-start">
        <div className="flex flex-col gap-5">
          <Field
            label="Random-audit share"
            hint="Drawn at random from items the strategy never touches. They measure accuracy without bias and are not trained on while they serve. 0 % switches measuring off."
          >
            <NumberInput
              value={draft.auditShare}
              onValueChange={(v) => set({ auditShare: v ?? 0 })}
              min={0}
              max={0.5}
              step={0.01}
              format={{ style: "percent" }}
            />
          </Field>
          <Field label="Items per round" hint="How many the queue gets at a time. Fewer means fresher choices.">
            <NumberInput
              value={draft.batchSize}
              onValueChange={(v) => set({ batchSize: v ?? 100 })}
              min={1}
              max={10_000}
            />
          </Field>
          <Field label="Main strategy from" hint="Labels the model in use must have been trained on.">
            <NumberInput
              value={draft.minLabels}
              onValueChange={(v) => set({ minLabels: v ?? 20 })}
              min={1}
              max={100_000}
              unit="labels"
            />
          </Field>
          <Field label="and from" hint="Different classes among them.">
            <NumberInput
              value={draft.minClasses}
              onValueChange={(v) => set({ minClasses: v ?? 2 })}
              min={1}
              max={500}
              unit="classes"
            />
          </Field>
          {draft.auditShare === 0 && (
            <Callout tone="warn">
              Without an audit share nobody can say how good the model is, or whether the strategy helps.
            </Callout>
          )}
          {save.error && <ErrorState error={save.error} compact />}
          <Button type="submit" variant="primary" busy={save.isPending} className="w-fit">
            Apply and refill the queue
          </Button>
        </div>
      </Card>
    </form>
  );
}

function StrategyChoice({
  title,
  description,
  strategies,
  value,
  onChange,
}: {
  title: string;
  description: string;
  strategies: StrategyView[];
  value: Ref;
  onChange: (value: Ref) => void;
}) {
  const chosen = strategies.find((s) => s.id === value.id);
  return (
    <Card title={title} description={description}>
      <div className="flex flex-col gap-4">
        <Select
          aria-label={title}
          options={strategies.map((s) => ({ value: s.id, label: s.title, hint: s.summary }))}
          value={value.id}
          onValueChange={(id) => onChange({ id, options: {} })}
        />
        {chosen && (
          <>
            <dl className="grid gap-x-5 gap-y-2 text-sm sm:grid-cols-[auto_1fr]">
              <dt className="text-ink-3">Use it when</dt>
              <dd>{chosen.whenToUse}</dd>
              <dt className="text-ink-3">Not when</dt>
              <dd>{chosen.whenNot}</dd>
              <dt className="text-ink-3">Needs</dt>
              <dd className="flex flex-wrap gap-1.5">
                {chosen.needs.arrays.length === 0
                  ? "nothing"
                  : chosen.needs.arrays.map((a) => <Badge key={a}>{a}</Badge>)}
              </dd>
              <dt className="text-ink-3">Cost</dt>
              <dd>{chosen.costFormula}</dd>
              <dt className="text-ink-3">Source</dt>
              <dd>{chosen.sources.map((s) => `${s.authors} ${s.year}`).join("; ")}</dd>
            </dl>
            {chosen.warning && <Callout tone="warn">{chosen.warning}</Callout>}
            <StrategyOptions
              schema={chosen.options}
              values={value.options}
              onChange={(options) => onChange({ ...value, options })}
            />
          </>
        )}
      </div>
    </Card>
  );
}
