"use client";
import { Download } from "lucide-react";
import { useState } from "react";
import { buttonClass } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { Checkbox } from "@/app/_ui/Checkbox";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { RadioCards } from "@/app/_ui/RadioCards";
import type { ProjectView } from "@/contracts/project";

const WHAT = [
  {
    value: "items",
    title: "One row per item",
    hint: "Content, the aggregated label with its agreement, all annotations, and why the item was served: strategy, score, inclusion probability, model version.",
  },
  {
    value: "annotations",
    title: "One row per annotation",
    hint: "The whole log as a long table: who, when, how long, what the annotator saw, strategy and selection probability.",
  },
] as const;
const FORMATS = [
  { value: "csv", title: "CSV", hint: "For spreadsheets and data frames." },
  { value: "jsonl", title: "JSON Lines", hint: "One JSON object a line, nothing flattened." },
] as const;

/** Labels out of the house, streamed: a million rows need no more memory than a thousand. */
export function ExportPage({ project }: { project: ProjectView }) {
  const [what, setWhat] = useState<(typeof WHAT)[number]["value"]>("items");
  const [format, setFormat] = useState<(typeof FORMATS)[number]["value"]>("csv");
  const [raw, setRaw] = useState(false);
  const query = new URLSearchParams({ what, format, ...(raw && format === "csv" ? { raw: "1" } : {}) });
  const path = `/api/v1/projects/${project.id}/export?${query}`;
  return (
    <Page width="narrow">
      <PageHeader
        title="Export"
        description="A snapshot of this moment; labels that arrive while it streams are not in it."
      />
      <Card>
        <div className="flex flex-col gap-6">
          <RadioCards label="What" options={WHAT} value={what} onValueChange={setWhat} />
          <RadioCards label="Format" options={FORMATS} value={format} onValueChange={setFormat} columns={2} />
          {format === "csv" && (
            <Checkbox
              label="Leave cells that look like formulas as they are"
              hint="Otherwise a leading =, +, - or @ is defused with an apostrophe, so that a spreadsheet does not run it."
              checked={raw}
              onCheckedChange={setRaw}
            />
          )}
          <a href={path} download className={buttonClass("primary", "lg", "w-fit hover:bg-accent-hover")}>
            <Download aria-hidden="true" size={17} />
            Download
          </a>
          <section>
            <h2 className="mb-1.5 font-[550] text-sm">The same from a program</h2>
            <pre className="whitespace-pre-wrap rounded-md bg-sunken p-3 font-mono text-xs [overflow-wrap:anywhere]">
              {`curl -H "Authorization: Bearer $WINNOW_KEY" \\\n  "$WINNOW_URL${path}" -o ${project.slug}.${format}`}
            </pre>
          </section>
        </div>
      </Card>
    </Page>
  );
}
