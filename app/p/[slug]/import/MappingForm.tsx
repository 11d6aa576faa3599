"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { Checkbox } from "@/app/_ui/Checkbox";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { formatBytes } from "@/app/_ui/format";
import { Select } from "@/app/_ui/Select";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import { useNotifier } from "@/app/_ui/Toast";
import type { ImportMapping, ImportPreview } from "@/contracts/ingestion";
import { IMPORT_FORMATS } from "@/contracts/ingestion";
import type { ProjectView } from "@/contracts/project";

const NONE = "";
const UNKNOWN_LABEL = [
  { value: "refuseRow", label: "Refuse the row", hint: "It becomes an error row that can be downloaded." },
  { value: "dropLabel", label: "Take the item without its label" },
  { value: "addLabel", label: "Add the label to the project" },
] as const;
const PREVIEW_ROWS = 8;

/** Says which column is what, beside the first rows of the file as they were understood. */
export function MappingForm({
  project,
  preview,
  onPreview,
  onDone,
}: {
  project: ProjectView;
  preview: ImportPreview;
  onPreview: (preview: ImportPreview) => void;
  onDone: () => void;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifier();
  const [mapping, setMapping] = useState<ImportMapping>(preview.suggested);
  const start = useMutation(
    trpc.imports.start.mutationOptions({
      onSuccess: async () => {
        await queryClient.invalidateQueries(trpc.imports.list.queryFilter({ projectId: project.id }));
        notify("The import runs. You can leave this page.");
        onDone();
      },
    }),
  );
  const again = useMutation({
    mutationFn: (format: ImportPreview["format"]) =>
      queryClient.fetchQuery(
        trpc.imports.preview.queryOptions({ projectId: project.id, uploadId: preview.uploadId, format }),
      ),
    onSuccess: onPreview,
  });
  const ready = project.contentKind !== "text" || Boolean(mapping.text);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate({ projectId: project.id, uploadId: preview.uploadId, format: preview.format, mapping });
      }}
    >
      <Card
        title={preview.fileName}
        description={`${formatBytes(preview.sizeBytes)}${preview.gzip ? ", gzip-compressed" : ""}. Say which column is what; the rest is left out.`}
        actions={
          <>
            <Select
              aria-label="Format"
              size="sm"
              className="w-32"
              options={IMPORT_FORMATS.map((f) => ({ value: f, label: f.toUpperCase() }))}
              value={preview.format}
              onValueChange={(format) => again.mutate(format)}
            />
            <Button size="sm" onClick={onDone}>
              Another file
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-5">
          {preview.notices.length > 0 && (
            <Callout title="About this file">
              {preview.notices.map((notice) => (
                <p key={notice}>{notice}</p>
              ))}
            </Callout>
          )}
          {preview.errors.length > 0 && (
            <Callout tone="warn" title={`${preview.errors.length} of the first rows cannot be read`}>
              {preview.errors.slice(0, 3).map((e) => (
                <p key={`${e.line}/${e.code}`}>
                  Line {e.line}: {e.message}
                </p>
              ))}
            </Callout>
          )}
          <MappingFields project={project} preview={preview} mapping={mapping} onChange={setMapping} />
          <PreviewTable preview={preview} />
          {start.error && <ErrorState error={start.error} title="The import was not started" />}
          {again.error && <ErrorState error={again.error} compact />}
          <Button type="submit" variant="primary" size="lg" busy={start.isPending} disabled={!ready} className="w-fit">
            Start the import
          </Button>
        </div>
      </Card>
    </form>
  );
}

function MappingFields({
  project,
  preview,
  mapping,
  onChange,
}: {
  project: ProjectView;
  preview: ImportPreview;
  mapping: ImportMapping;
  onChange: (mapping: ImportMapping) => void;
}) {
  const isText = project.contentKind === "text";
  const names = preview.columns.map((c) => c.name);
  const columns = [{ value: NONE, label: "none" }, ...names.map((name) => ({ value: name, label: name }))];
  const set = (change: Partial<ImportMapping>) => onChange({ ...mapping, ...change });
  /** Makes a column the id, the label or the text: it is then nothing else. */
  const take = (change: Pick<ImportMapping, "externalId" | "label" | "text">) => {
    const taken = Object.values(change);
    const free = (names: string[] | undefined) => names?.filter((name) => !taken.includes(name));
    set({ ...change, meta: free(mapping.meta), fields: free(mapping.fields) });
  };
  return (
    <>
      <div className="grid gap-5 sm:grid-cols-2 lg:grid-cols-4">
        {isText && (
          <Field label="Text" error={mapping.text ? null : "Choose the column with the text."}>
            <Select options={columns.slice(1)} value={mapping.text ?? null} onValueChange={(text) => take({ text })} />
          </Field>
        )}
        <Field label="Your own id" hint="Importing it again changes nothing.">
          <Select
            options={columns}
            value={mapping.externalId ?? NONE}
            onValueChange={(v) => take({ externalId: v || undefined })}
          />
        </Field>
        <Field label="Existing label">
          <Select
            options={columns}
            value={mapping.label ?? NONE}
            onValueChange={(v) => take({ label: v || undefined })}
          />
        </Field>
        {mapping.label && (
          <Field label="A label that is not in the project">
            <Select
              options={UNKNOWN_LABEL}
              value={mapping.unknownLabel}
              onValueChange={(unknownLabel) => set({ unknownLabel })}
            />
          </Field>
        )}
      </div>
      {!isText && (
        <ColumnChoice
          legend="Fields shown to annotators"
          names={names}
          chosen={mapping.fields ?? []}
          onChange={(fields) => set({ fields })}
        />
      )}
      <ColumnChoice
        legend="Kept beside the item (exported, not shown to the model)"
        names={names}
        chosen={mapping.meta ?? []}
        onChange={(meta) => set({ meta })}
      />
    </>
  );
}

function ColumnChoice({
  legend,
  names,
  chosen,
  onChange,
}: {
  legend: string;
  names: string[];
  chosen: string[];
  onChange: (chosen: string[]) => void;
}) {
  return (
    <fieldset>
      <legend className="mb-2 font-[550] text-sm">{legend}</legend>
      <div className="flex flex-wrap gap-x-5 gap-y-2">
        {names.map((name) => (
          <Checkbox
            key={name}
            label={name}
            checked={chosen.includes(name)}
            onCheckedChange={(on) => onChange(on ? [...chosen, name] : chosen.filter((c) => c !== name))}
          />
        ))}
      </div>
    </fieldset>
  );
}

function PreviewTable({ preview }: { preview: ImportPreview }) {
  return (
    <Table label="First rows of the file" className="border border-line">
      <THead>
        {preview.columns.map((c) => (
          <Th key={c.name}>
            {c.name}
            <span className="block font-normal text-ink-3">{c.kind}</span>
          </Th>
        ))}
      </THead>
      <TBody>
        {preview.rows.slice(0, PREVIEW_ROWS).map((row, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows of a file have no other name and never move.
          <Tr key={i}>
            {preview.columns.map((c) => (
              <Td key={c.name} className="max-w-72">
                <span dir="auto" className="line-clamp-2">
                  {cellText(row[c.name])}
                </span>
              </Td>
            ))}
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
