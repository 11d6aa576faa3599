"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { ErrorState } from "@/app/_ui/ErrorState";
import { countOf } from "@/app/_ui/format";
import { CreateDemoDialog } from "./CreateDemoDialog";

/** Real, freely licensed data that ships with the product, each ready to become a project. */
export function DemoOffer({ canCreate, prominent }: { canCreate: boolean; prominent: boolean }) {
  const trpc = useTRPC();
  const demos = useQuery({ ...trpc.demo.list.queryOptions(), enabled: canCreate });
  if (!canCreate) return null;
  return (
    <section aria-labelledby="demo-title" className="mt-12">
      <h2 id="demo-title" className={prominent ? "font-[640] text-xl" : "font-[620] text-lg"}>
        Try it on real data
      </h2>
      <p className="mt-1 max-w-2xl text-ink-2">
        These sets ship with Winnow. Their labels stay hidden: label them yourself, or let simulated annotators answer
        and watch the model learn.
      </p>
      {demos.error && <ErrorState error={demos.error} onRetry={() => void demos.refetch()} />}
      <ul className="mt-4 grid gap-4 md:grid-cols-2">
        {demos.data?.map((demo) => (
          <li key={demo.id} className="flex flex-col rounded-lg border border-line bg-surface p-5">
            <h3 className="font-[620] text-lg">{demo.title}</h3>
            <p className="mt-1 text-ink-2">{demo.description}</p>
            <p className="tnum mt-2 text-sm">
              {countOf(demo.nItems, "item")} · {countOf(demo.nClasses, "label")}
            </p>
            <p className="mt-2 text-ink-3 text-xs">
              {demo.source}. Licence: {demo.licence}.
            </p>
            <div className="mt-auto pt-4">
              <CreateDemoDialog
                demo={demo}
                trigger={<Button variant={prominent ? "primary" : "secondary"}>Create this project</Button>}
              />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
