"use client";
import { memo, useState } from "react";
import { countOf } from "@/app/_ui/format";
import { SearchInput } from "@/app/_ui/Input";
import { Markdown } from "@/app/_ui/Markdown";
import { countMatches, markMatches } from "./markMatches";

export interface LabelHelp {
  id: string;
  title: string;
  description?: string;
}

/** What the lead wrote about the task, and about each label; searchable. */
export const GuidelinesPanel = memo(function GuidelinesPanel({
  text,
  version,
  labels,
}: {
  text: string;
  version: number;
  labels: readonly LabelHelp[];
}) {
  const [search, setSearch] = useState("");
  const described = labels.filter((label) => label.description);
  const matches = described.filter(
    (label) => search === "" || countMatches(`${label.title} ${label.description}`, search) > 0,
  );
  const found = countMatches(text, search) + (search === "" ? 0 : matches.length);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="border-line border-b p-3">
        <SearchInput label="Search the guidelines" placeholder="Search" value={search} onValueChange={setSearch} />
        <p role="status" className="mt-1.5 text-ink-3 text-xs">
          {search === "" ? `Version ${version}` : countOf(found, "place")}
        </p>
      </div>
      <section
        aria-label="Guidelines text"
        // A region that scrolls must be reachable by keyboard.
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto px-4 py-4 focus-visible:-outline-offset-2"
      >
        {text.trim() === "" ? (
          <p className="text-ink-2 text-sm">The lead has not written guidelines yet.</p>
        ) : (
          <Markdown text={text} rehype={search === "" ? undefined : markMatches(search)} />
        )}
        {matches.length > 0 && (
          <>
            <h2 className="mt-6 mb-2 font-[620] text-base">Labels</h2>
            <dl className="flex flex-col gap-3 text-sm">
              {matches.map((label) => (
                <div key={label.id}>
                  <dt dir="auto" className="font-[550]">
                    {label.title}
                  </dt>
                  <dd dir="auto" className="whitespace-pre-line text-ink-2">
                    {label.description}
                  </dd>
                </div>
              ))}
            </dl>
          </>
        )}
      </section>
    </div>
  );
});
