"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { Badge } from "@/app/_ui/Badge";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { Checkbox } from "@/app/_ui/Checkbox";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { CopyOnce } from "@/app/_ui/CopyOnce";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { Input } from "@/app/_ui/Input";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import type { ApiScope } from "@/contracts/permissions";
import { API_SCOPES } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";

const SCOPE_WORDS: Record<ApiScope, string> = {
  ingest: "Ingest: add items, vectors, predictions",
  read: "Read: items, annotations, dashboards",
  export: "Export: download labels and manifests",
};

/** Keys for programs. The key itself is shown once; only its hash is kept. */
export function ApiKeysPanel({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ApiScope[]>(["ingest"]);
  const keys = useQuery(trpc.apiKey.list.queryOptions({ projectId: project.id }));
  const create = useMutation(
    trpc.apiKey.create.mutationOptions({
      onSuccess: () => {
        setName("");
        void keys.refetch();
      },
    }),
  );
  const revoke = useMutation(trpc.apiKey.revoke.mutationOptions());
  return (
    <div className="flex flex-col gap-5">
      <Card
        title="New key"
        description="For one program and this project only. Give it the scopes it needs and no more."
      >
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate({ projectId: project.id, name, scopes });
          }}
        >
          <Field label="Name" hint="What uses it, e.g. “nightly import”.">
            <Input value={name} onValueChange={setName} required maxLength={100} className="max-w-md" />
          </Field>
          <fieldset className="flex flex-col gap-2">
            <legend className="mb-1.5 font-[550] text-sm">Scopes</legend>
            {API_SCOPES.map((scope) => (
              <Checkbox
                key={scope}
                label={SCOPE_WORDS[scope]}
                checked={scopes.includes(scope)}
                onCheckedChange={(on) => setScopes(on ? [...scopes, scope] : scopes.filter((s) => s !== scope))}
              />
            ))}
          </fieldset>
          {create.error && <ErrorState error={create.error} compact />}
          <Button
            type="submit"
            variant="primary"
            busy={create.isPending}
            disabled={scopes.length === 0}
            className="w-fit"
          >
            Make a key
          </Button>
          {create.data && <CopyOnce label="API key" secret={create.data.key} />}
        </form>
      </Card>
      <Card title="Keys" padded={false}>
        <div className="px-2 pb-3">
          {keys.error ? (
            <ErrorState error={keys.error} onRetry={() => void keys.refetch()} />
          ) : !keys.data ? (
            <SkeletonText />
          ) : keys.data.rows.length === 0 ? (
            <p className="px-3 pb-2 text-ink-2 text-sm">No keys yet.</p>
          ) : (
            <Table label="API keys">
              <THead>
                <Th>Name</Th>
                <Th>Begins with</Th>
                <Th>Scopes</Th>
                <Th>Last used</Th>
                <Th>Made</Th>
                <Th>
                  <span className="sr-only">Action</span>
                </Th>
              </THead>
              <TBody>
                {keys.data.rows.map((key) => (
                  <Tr key={key.id}>
                    <Td>
                      {key.name}
                      {key.revokedAt && (
                        <Badge tone="bad" className="ms-2">
                          revoked
                        </Badge>
                      )}
                    </Td>
                    <Td className="font-mono text-xs">{key.prefix}…</Td>
                    <Td>{key.scopes.join(", ")}</Td>
                    <Td>{key.lastUsedAt ? <RelativeTime iso={key.lastUsedAt} /> : "never"}</Td>
                    <Td>
                      <RelativeTime iso={key.createdAt} />
                    </Td>
                    <Td className="text-end">
                      {!key.revokedAt && (
                        <ConfirmDialog
                          title={`Revoke “${key.name}”?`}
                          action="Revoke"
                          tone="danger"
                          trigger={<Button size="sm">Revoke</Button>}
                          onConfirm={async () => {
                            await revoke.mutateAsync({ projectId: project.id, id: key.id });
                            await keys.refetch();
                          }}
                        >
                          Programs that use it are refused from the next call on. This cannot be undone.
                        </ConfirmDialog>
                      )}
                    </Td>
                  </Tr>
                ))}
              </TBody>
            </Table>
          )}
        </div>
      </Card>
    </div>
  );
}
