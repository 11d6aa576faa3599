"use client";
import { useQueryClient } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import { useRef, useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { Button, buttonClass } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { formatBytes } from "@/app/_ui/format";
import { ProgressBar } from "@/app/_ui/ProgressBar";
import type { ImportPreview } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { uploadFile } from "./uploadFile";

/** Takes a file by drop or by choosing, sends it, and asks the server what is in it. */
export function UploadCard({
  projectId,
  onPreview,
}: {
  projectId: number;
  onPreview: (preview: ImportPreview) => void;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const abort = useRef<AbortController | null>(null);
  const [sending, setSending] = useState<{ name: string; share: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isOver, setIsOver] = useState(false);

  async function send(file: File) {
    setError(null);
    if (file.size > LIMITS.uploadBytes) {
      setError(
        new Error(
          `${file.name} has ${formatBytes(file.size)}; at most ${formatBytes(LIMITS.uploadBytes)} can be taken. Split it.`,
        ),
      );
      return;
    }
    const controller = new AbortController();
    abort.current = controller;
    setSending({ name: file.name, share: 0 });
    try {
      const { uploadId } = await uploadFile(
        projectId,
        file,
        (share) => setSending({ name: file.name, share }),
        controller.signal,
      );
      onPreview(await queryClient.fetchQuery(trpc.imports.preview.queryOptions({ projectId, uploadId })));
    } catch (e) {
      if (!controller.signal.aborted) setError(e);
    } finally {
      setSending(null);
    }
  }

  return (
    <Card>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is an addition; the button below does the same by keyboard. */}
      <div
        onDragOver={(event) => {
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setIsOver(false);
          const file = event.dataTransfer.files[0];
          if (file) void send(file);
        }}
        className={`flex min-h-52 flex-col items-center justify-center gap-3 rounded-lg border-2 border-dashed p-6 text-center ${isOver ? "border-accent bg-accent-soft" : "border-line"}`}
      >
        {sending ? (
          <div className="flex w-full max-w-md flex-col gap-3">
            <ProgressBar
              label={sending.share < 1 ? `Sending ${sending.name}` : `Reading the beginning of ${sending.name}`}
              value={sending.share < 1 ? sending.share : null}
              total={1}
              text={`${Math.floor(sending.share * 100)} %`}
            />
            <Button className="self-center" onClick={() => abort.current?.abort()}>
              Cancel
            </Button>
          </div>
        ) : (
          <>
            <FileUp aria-hidden="true" size={30} className="text-ink-3" />
            <p className="text-ink-2">Drop a file here, or</p>
            <label
              className={`${buttonClass("primary")} cursor-pointer has-focus-visible:outline-2 has-focus-visible:outline-focus`}
            >
              Choose a file
              <input
                type="file"
                className="sr-only"
                accept=".csv,.tsv,.json,.jsonl,.ndjson,.gz"
                onChange={(event) => {
                  const file = event.target.files?.[0];
                  event.target.value = "";
                  if (file) void send(file);
                }}
              />
            </label>
          </>
        )}
      </div>
      {error !== null && (
        <div className="mt-4">
          <ErrorState error={error} title="The file was not taken" />
        </div>
      )}
    </Card>
  );
}
