"use client";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { AuditLogTable } from "@/app/_ui/AuditLogTable";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { CopyOnce } from "@/app/_ui/CopyOnce";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { Input, SearchInput } from "@/app/_ui/Input";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { Pager } from "@/app/_ui/Pager";
import { Select } from "@/app/_ui/Select";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Tabs } from "@/app/_ui/Tabs";
import { useCursorPages } from "@/app/p/[slug]/_dashboard/useCursorPages";
import type { InstanceRole } from "@/contracts/permissions";
import { CreationCard } from "./CreationCard";
import { INSTANCE_ROLE_CHOICES } from "./instanceRoles";
import { PeopleTable } from "./PeopleTable";

/** Accounts of the instance, links into it, and what happened to it. */
export function AdminPage({ me }: { me: string }) {
  return (
    <Page>
      <PageHeader
        title="Administration"
        description="Accounts, invitations into the instance, its settings and its audit log."
      />
      <Tabs
        label="Administration"
        tabs={[
          { value: "people", label: "People", content: <PeopleTab me={me} /> },
          { value: "instance", label: "Instance", content: <CreationCard /> },
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
          <Select options={INSTANCE_ROLE_CHOICES} value={role} onValueChange={setRole} />
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
