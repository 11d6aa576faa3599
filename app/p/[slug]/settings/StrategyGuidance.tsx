"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Check, Minus } from "lucide-react";
import { useTRPC } from "@/app/_rpc/client";
import { countOf, formatBytes, formatSeconds } from "@/app/_ui/format";
import type { GuidanceView } from "@/contracts/acquisition";
import type { ProjectStrategy } from "@/contracts/project";
import { NEED_WORDS } from "./unmetNeeds";

const MEBIBYTE = 2 ** 20;
/** Below this nobody waits. */
const NO_TIME_S = 0.1;

/** What the chosen strategy needs, whether this project has it now, and what a round of it costs here. */
export function StrategyGuidance({ projectId, main }: { projectId: number; main: ProjectStrategy["main"] }) {
  const trpc = useTRPC();
  const { data, error } = useQuery({
    ...trpc.strategy.guidance.queryOptions({ projectId, main }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  // Options that cannot be read yet are said where they are typed and when they are saved.
  if (error || !data) return null;
  return (
    <section aria-label="On this project" className="rounded-md border border-line bg-sunken px-3.5 py-3 text-sm">
      <h3 className="font-[620]">On this project</h3>
      <ul className="mt-1.5 flex flex-col gap-1.5">
        {data.arrays.map(({ array, isThere, sentence }) => (
          <Line key={array} isThere={isThere}>
            {sentence || NEED_WORDS[array]}
          </Line>
        ))}
        {data.minLabels > 0 && (
          <Line isThere={data.nLabels >= data.minLabels}>
            It needs {countOf(data.minLabels, "label")}; there are {data.nLabels}.
          </Line>
        )}
        {data.minClasses > 0 && (
          <Line isThere={data.nClassesLabelled >= data.minClasses}>
            It needs labels of {countOf(data.minClasses, "class", "classes")}; there are {data.nClassesLabelled}.
          </Line>
        )}
      </ul>
      <p className="mt-2 text-ink-2">{costOf(data)}</p>
    </section>
  );
}

function Line({ isThere, children }: { isThere: boolean; children: React.ReactNode }) {
  const Icon = isThere ? Check : Minus;
  return (
    <li className="flex items-start gap-2">
      <Icon aria-hidden="true" size={16} className={`mt-0.5 shrink-0 ${isThere ? "text-good" : "text-warn"}`} />
      <span>
        <span className="sr-only">{isThere ? "There: " : "Missing: "}</span>
        {children}
      </span>
    </li>
  );
}

function costOf({ cost }: GuidanceView): string {
  const time = cost.seconds < NO_TIME_S ? "less than 0.1 s" : `about ${formatSeconds(cost.seconds)}`;
  return `A round over ${countOf(cost.eligible, "open item")} takes ${time} of one core and at most ${formatBytes(cost.mebibytes * MEBIBYTE)} of memory: an estimate, to the order of magnitude.`;
}
