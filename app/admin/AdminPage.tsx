"use client";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { AuditLogTable } from "@/app/_ui/AuditLogTable";
import { Badge } from "@/app/_ui/Badge";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { CopyOnce } from "@/app/_ui/CopyOnce";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { Input, SearchInput } from "@/app/_ui/Input";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { Pager } from "@/app/_ui/Pager";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { Select } from "@/app/_ui/Select";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import { Tabs } from "@/app/_ui/Tabs";
import { useNotifier } from "@/app/_ui/Toast";
import { useCursorPages } from "@/app/p/[slug]/_dashboard/useCursorPages";
import type { InstanceRole } from "@/contracts/permissions";

const ROLES = [
  { value: "member", label: "Member" },
  { value: "administrator", label: "Administrator" },
] as const;

/** Accounts of the instance, links into it, and what happened to it. */
export function AdminPage({ me }: { me: string }) {
  return (
    <Page>
      <PageHeader title="Administration" description="Accounts, invitations into the instance, and its audit log." />
      <Tabs
        label="Administration"
        tabs={[
          { value: "people", label: "People", content: <PeopleTab me={me} /> },
          { value: "log", label: "Audit log", content: <LogTab /> },
        ]}
      />
    </Page>
  );
}

function PeopleTab({ me }: { me: string }) {
  const [search, setSearch] = useState("");
  return (
    <div className="flex flex-col gap-5">
      <InviteCard />
      <Card
        title="People"
        padded={false}
        actions={
          <SearchInput label="Search people" placeholder="Name or address" value={search} onValueChange={setSearch} />
        }
      >
        <PeopleTable key={search} me={me} search={search} />
      </Card>
    </div>
  );
}

function InviteCard() {
  const trpc = useTRPC();
  const [role, setRole] = useState<InstanceRole>("member");
  const [email, setEmail] = useState("");
  const create = useMutation(trpc.invitation.create.mutationOptions({ onSuccess: () => setEmail("") }));
  return (
    <Card
      title="Invite into the instance"
      description="Leads invite into their projects themselves; this is for people without one yet."
    >
      <form
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({ instanceRole: role, email: email.trim() || undefined });
        }}
      >
        <Field label="Role" className="w-48">
          <Select options={ROLES} value={role} onValueChange={setRole} />
        </Field>
        <Field label="Only for this address" optional className="min-w-60 flex-1">
          <Input type="email" value={email} onValueChange={setEmail} />
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
    </Card>
  );
}

function PeopleTable({ me, search }: { me: string; search: string }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const pages = useCursorPages<string>();
  const users = useQuery({
    ...trpc.access.listUsers.queryOptions({ search: search || undefined, cursor: pages.cursor }),
    placeholderData: keepPreviousData,
  });
  const setRole = useMutation(
    trpc.access.setUserRole.mutationOptions({
      onSuccess: () => void users.refetch(),
      onError: (e) => notify(errorMessage(e), { tone: "bad" }),
    }),
  );
  const setDisabled = useMutation(trpc.access.setUserDisabled.mutationOptions());
  if (users.error) return <ErrorState error={users.error} onRetry={() => void users.refetch()} />;
  if (!users.data)
    return (
      <div className="p-5">
        <SkeletonText lines={5} />
      </div>
    );
  return (
    <div className="px-2 pb-3">
      <Table label="People">
        <THead>
          <Th>Name</Th>
          <Th>Role</Th>
          <Th numeric>Projects</Th>
          <Th>Joined</Th>
          <Th>
            <span className="sr-only">Action</span>
          </Th>
        </THead>
        <TBody>
          {users.data.rows.map((u) => (
            <Tr key={u.id}>
              <Td>
                <span className="font-[550]">{u.name}</span>
                {u.id === me && <Badge className="ms-2">you</Badge>}
                {u.isSimulated && <Badge className="ms-2">simulated</Badge>}
                {u.disabledAt && (
                  <Badge tone="bad" className="ms-2">
                    disabled
                  </Badge>
                )}
                {!u.isSimulated && <span className="block text-ink-3 text-xs">{u.email}</span>}
              </Td>
              <Td>
                <Select
                  aria-label={`Role of ${u.name}`}
                  size="sm"
                  className="w-40"
                  options={ROLES}
                  value={u.role}
                  disabled={u.isSimulated}
                  onValueChange={(role) => setRole.mutate({ userId: u.id, role })}
                />
              </Td>
              <Td numeric>{u.nProjects}</Td>
              <Td>
                <RelativeTime iso={u.createdAt} />
              </Td>
              <Td className="text-end">
                {u.id !== me && (
                  <ConfirmDialog
                    title={u.disabledAt ? `Enable ${u.name}?` : `Disable ${u.name}?`}
                    action={u.disabledAt ? "Enable" : "Disable"}
                    tone={u.disabledAt ? "primary" : "danger"}
                    trigger={<Button size="sm">{u.disabledAt ? "Enable" : "Disable"}</Button>}
                    onConfirm={async () => {
                      await setDisabled.mutateAsync({ userId: u.id, disabled: u.disabledAt === null });
                      await users.refetch();
                    }}
                  >
                    {u.disabledAt
                      ? "They can sign in again."
                      : "Their sessions end at once and they cannot sign in. Their annotations stay."}
                  </ConfirmDialog>
                )}
              </Td>
            </Tr>
          ))}
        </TBody>
      </Table>
      <Pager
        label="people"
        hasPrevious={pages.hasPrevious}
        hasNext={users.data.nextCursor !== null}
        busy={users.isFetching}
        onPrevious={pages.previous}
        onNext={() => users.data.nextCursor !== null && pages.next(users.data.nextCursor)}
      />
    </div>
  );
}

function LogTab() {
  const trpc = useTRPC();
  const pages = useCursorPages<string>();
  const log = useQuery({
    ...trpc.auditLog.listInstance.queryOptions({ cursor: pages.cursor }),
    placeholderData: keepPreviousData,
  });
  if (log.error) return <ErrorState error={log.error} onRetry={() => void log.refetch()} />;
  return (
    <Card title="What happened to the instance" padded={false}>
      <div className="px-2 pb-3">
        {log.data ? <AuditLogTable rows={log.data.rows} /> : <SkeletonText lines={6} />}
        <Pager
          label="entries"
          hasPrevious={pages.hasPrevious}
          hasNext={log.data != null && log.data.nextCursor !== null}
          busy={log.isFetching}
          onPrevious={pages.previous}
          onNext={() => log.data?.nextCursor && pages.next(log.data.nextCursor)}
        />
      </div>
    </Card>
  );
}
