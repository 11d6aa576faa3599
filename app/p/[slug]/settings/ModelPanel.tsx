"use client";
import type { ProjectView } from "@/contracts/project";
import { FeaturesCard } from "./FeaturesCard";
import { RetrainingCard } from "./RetrainingCard";
import { TrainerCard } from "./TrainerCard";

/** How items become vectors, which trainer learns from them, and when it runs. */
export function ModelPanel({ project }: { project: ProjectView }) {
  return (
    <div className="grid items-start gap-5 xl:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-5">
        <RetrainingCard project={project} />
        <FeaturesCard project={project} />
      </div>
      <TrainerCard project={project} />
    </div>
  );
}
