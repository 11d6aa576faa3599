"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { ReactElement } from "react";
import { useState } from "react";
import { useTRPC, useTRPCClient } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { Switch } from "@/app/_ui/Checkbox";
import { Dialog } from "@/app/_ui/Dialog";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { Select } from "@/app/_ui/Select";
import type { SimulationSettings } from "./SimulationFields";
import { SimulationFields, toSimulationInput } from "./SimulationFields";

const SIMULATION: SimulationSettings = { annotators: 4, speed: "full", errorPercent: 0, maxLabels: 1_000 };

/** Makes a demonstration project, its random twin if wanted, and starts simulated annotators on them if wanted. */
export function CreateDemoDialog({ demo, trigger }: { demo: { id: string; title: string }; trigger: ReactElement }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const router = useRouter();
  const [strategyId, setStrategyId] = useState("margin");
  const [compareWithRandom, setCompare] = useState(true);
  const [simulated, setSimulated] = useState(false);
  const [simulation, setSimulation] = useState(SIMULATION);
  const strategies = useQuery(trpc.project.strategies.queryOptions());

  const create = useMutation({
    mutationFn: async () => {
      const { projects } = await client.demo.create.mutate({ dataset: demo.id, strategyId, compareWithRandom });
      if (simulated) {
        const input = toSimulationInput(simulation);
        for (const { id } of projects) await client.demo.simulate.mutate({ projectId: id, ...input });
      }
      return projects;
    },
    onSuccess: ([first]) => router.push(simulated ? `/p/${first.slug}` : `/p/${first.slug}/label`),
  });

  return (
    <Dialog
      title={demo.title}
      trigger={trigger}
      footer={
        <Button variant="primary" busy={create.isPending || create.isSuccess} onClick={() => create.mutate()}>
          Create
        </Button>
      }
    >
      <div className="flex flex-col gap-5">
        <Field label="Strategy" hint="Which items are asked about first; it can be changed later.">
          <Select
            value={strategyId}
            onValueChange={setStrategyId}
            options={(strategies.data ?? []).map(({ id, title, summary }) => ({
              value: id,
              label: title,
              hint: summary,
            }))}
          />
        </Field>
        <Switch
          checked={compareWithRandom}
          onCheckedChange={setCompare}
          label="Compare with random choice"
          hint="A twin project on the same items; the dashboard can lay both learning curves over each other."
        />
        <Switch
          checked={simulated}
          onCheckedChange={setSimulated}
          label="Simulated annotators label it now"
          hint="They answer from the hidden labels, over the same API that people use."
        />
        {simulated && <SimulationFields settings={simulation} onChange={setSimulation} />}
        {create.error && <ErrorState compact error={create.error} />}
      </div>
    </Dialog>
  );
}
