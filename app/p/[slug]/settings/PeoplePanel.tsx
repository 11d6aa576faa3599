"use client";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { Badge } from "@/app/_ui/Badge";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { CopyOnce } from "@/app/_ui/CopyOnce";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { Input } from "@/app/_ui/Input";
import { Pager } from "@/app/_ui/Pager";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { Select } from "@/app/_ui/Select";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import { useNotifier } from "@/app/_ui/Toast";
import type { ProjectRole } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import { useCursorPages } from "../_dashboard/useCursorPages";

const ROLES = [
  { value: "annotator", label: "Annotator", hint: "Labels." },
  { value: "reviewer", label: "Reviewer", hint: "Labels, sees everything, resolves flags." },
  { value: "lead", label: "Lead", hint: "Also changes settings and people." },
] as const;

export function PeoplePanel({ project }: { project: ProjectView }) {
  return (
    <div className="flex flex-col gap-5">
      <InviteCard project={project} />
      <MembersCard project={project} />
    </div>
  );
}

function InviteCard({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const [role, setRole] = useState<ProjectRole>("annotator");
  const [email, setEmail] = useState("");
  const invitations = useQuery(trpc.invitation.list.queryOptions({ projectId: project.id }));
  const create = useMutation(
    trpc.invitation.create.mutationOptions({
      onSuccess: () => {
        setEmail("");
        void invitations.refetch();
      },
    }),
  );
  const revoke = useMutation(
    trpc.invitation.revoke.mutationOptions({
      onSuccess: () => void invitations.refetch(),
      onError: (e) => notify(errorMessage(e), { tone: "bad" }),
    }),
  );
  const open = invitations.data?.rows.filter((i) => i.state === "open") ?? [];
  return (
    <Card title="Invite someone" description="A link for one person. Winnow sends no mail: pass it on yourself.">
      <form
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({ projectId: project.id, projectRole: role, email: email.trim() || undefined });
        }}
      >
        <Field label="Role" className="w-48">
          <Select options={ROLES} value={role} onValueChange={setRole} />
        </Field>
        <Field label="Only for this address" optional className="min-w-60 flex-1">
          <Input type="email" value={email} onValueChange={setEmail} placeholder="ada@example.org" />
        </Field>
        <Button type="submit" variant="primary" busy={create.isPending}>
          Make a link
        </Button>
      </form>
      {create.error && (
        <div className="mt-3">
          <ErrorState error={create.error} compact />
        </div>
      )}
      {create.data && (
        <div className="mt-4">
          <CopyOnce label="Invitation link" secret={create.data.url} />
        </div>
      )}
      {open.length > 0 && (
        <div className="mt-4">
          <Table label="Open invitations">
            <THead>
              <Th>For</Th>
              <Th>Role</Th>
              <Th>Made by</Th>
              <Th>Ends</Th>
              <Th>
                <span className="sr-only">Action</span>
              </Th>
            </THead>
            <TBody>
              {open.map((i) => (
                <Tr key={i.id}>
                  <Td>{i.email ?? "anyone with the link"}</Td>
                  <Td>{i.projectRole}</Td>
                  <Td>{i.createdByName ?? "–"}</Td>
                  <Td>
                    <RelativeTime iso={i.expiresAt} />
                  </Td>
                  <Td className="text-end">
                    <Button size="sm" busy={revoke.isPending} onClick={() => revoke.mutate({ id: i.id })}>
                      Withdraw
                    </Button>
                  </Td>
                </Tr>
              ))}
            </TBody>
          </Table>
        </div>
      )}
    </Card>
  );
}

function MembersCard({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const pages = useCursorPages<string>();
  const members = useQuery({
    ...trpc.member.list.queryOptions({ projectId: project.id, cursor: pages.cursor }),
    placeholderData: keepPreviousData,
  });
  const after = {
    onSuccess: () => void members.refetch(),
    onError: (e: unknown) => notify(errorMessage(e), { tone: "bad" as const }),
  };
  const setRole = useMutation(trpc.member.setRole.mutationOptions(after));
  const freeze = useMutation(trpc.member.freeze.mutationOptions(after));
  const remove = useMutation(trpc.member.remove.mutationOptions());
  if (members.error) return <ErrorState error={members.error} onRetry={() => void members.refetch()} />;
  return (
    <Card title="Members" padded={false}>
      <div className="px-2 pb-3">
        {!members.data ? (
          <SkeletonText lines={4} />
        ) : (
          <>
            <Table label="Members">
              <THead>
                <Th>Name</Th>
                <Th>Role</Th>
                <Th>Joined</Th>
                <Th>
                  <span className="sr-only">Actions</span>
                </Th>
              </THead>
              <TBody>
                {members.data.rows.map((m) => (
                  <Tr key={m.userId}>
                    <Td>
                      <span className="font-[550]">{m.name}</span>
                      {m.isSimulated ? (
                        <Badge className="ms-2">simulated</Badge>
                      ) : (
                        <span className="block text-ink-3 text-xs">{m.email}</span>
                      )}
                      {m.frozenAt && (
                        <Badge tone="warn" className="ms-2">
                          frozen
                        </Badge>
                      )}
                    </Td>
                    <Td>
                      <Select
                        aria-label={`Role of ${m.name}`}
                        size="sm"
                        className="w-36"
                        options={ROLES}
                        value={m.role}
                        onValueChange={(role) => setRole.mutate({ projectId: project.id, userId: m.userId, role })}
                      />
                    </Td>
                    <Td>
                      <RelativeTime iso={m.joinedAt} />
                    </Td>
                    <Td>
                      <span className="flex justify-end gap-2">
                        <Button
                          size="sm"
                          onClick={() =>
                            freeze.mutate({ projectId: project.id, userId: m.userId, frozen: m.frozenAt === null })
                          }
                        >
                          {m.frozenAt === null ? "Freeze" : "Unfreeze"}
                        </Button>
                        <ConfirmDialog
                          title={`Take ${m.name} out of the project?`}
                          action="Remove"
                          tone="danger"
                          trigger={<Button size="sm">Remove</Button>}
                          onConfirm={async () => {
                            await remove.mutateAsync({ projectId: project.id, userId: m.userId });
                            await members.refetch();
                          }}
                        >
                          Their annotations stay. Items they hold go back to the queue when their leases end.
                        </ConfirmDialog>
                      </span>
                    </Td>
                  </Tr>
                ))}
              </TBody>
            </Table>
            <Pager
              label="members"
              hasPrevious={pages.hasPrevious}
              hasNext={members.data.nextCursor !== null}
              busy={members.isFetching}
              onPrevious={pages.previous}
              onNext={() => members.data.nextCursor !== null && pages.next(members.data.nextCursor)}
            />
          </>
        )}
      </div>
    </Card>
  );
}
