"use client";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { ReactElement } from "react";
import { useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { Dialog } from "@/app/_ui/Dialog";
import { ErrorState } from "@/app/_ui/ErrorState";
import type { SimulationSettings } from "./SimulationFields";
import { SimulationFields, toSimulationInput } from "./SimulationFields";

const DEFAULTS: SimulationSettings = { annotators: 4, speed: "full", errorPercent: 0, maxLabels: 1_000 };

/** Lets simulated annotators answer a demonstration project, over the same API that people use. */
export function SimulateDialog({
  project,
  trigger,
}: {
  project: { id: number; slug: string; name: string };
  trigger: ReactElement;
}) {
  const trpc = useTRPC();
  const router = useRouter();
  const [open, setOpen] = useState(false);
  const [settings, setSettings] = useState(DEFAULTS);
  const simulate = useMutation(
    trpc.demo.simulate.mutationOptions({
      onSuccess() {
        setOpen(false);
        router.push(`/p/${project.slug}`);
      },
    }),
  );
  return (
    <Dialog
      title="Simulated annotators"
      description={`They know the true labels of ${project.name} and answer from the queue, like people do. The dashboard shows the model learning.`}
      open={open}
      onOpenChange={setOpen}
      trigger={trigger}
      footer={
        <Button
          variant="primary"
          busy={simulate.isPending}
          onClick={() => simulate.mutate({ projectId: project.id, ...toSimulationInput(settings) })}
        >
          Start
        </Button>
      }
    >
      <SimulationFields settings={settings} onChange={setSettings} />
      {simulate.error && (
        <div className="mt-4">
          <ErrorState compact error={simulate.error} />
        </div>
      )}
    </Dialog>
  );
}
