"use client";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { Badge } from "@/app/_ui/Badge";
import { Button } from "@/app/_ui/Button";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Pager } from "@/app/_ui/Pager";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { Select } from "@/app/_ui/Select";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import { useNotifier } from "@/app/_ui/Toast";
import { useCursorPages } from "@/app/p/[slug]/_dashboard/useCursorPages";
import { INSTANCE_ROLE_CHOICES } from "./instanceRoles";
import { ResetPasswordDialog } from "./ResetPasswordDialog";

/** Everyone on the instance, with what an administrator may do to them. */
export function PeopleTable({ me, search }: { me: string; search: string }) {
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
                  options={INSTANCE_ROLE_CHOICES}
                  value={u.role}
                  disabled={u.isSimulated}
                  onValueChange={(role) => setRole.mutate({ userId: u.id, role })}
                />
              </Td>
              <Td numeric>{u.nProjects}</Td>
              <Td>
                <RelativeTime iso={u.createdAt} />
              </Td>
              <Td>
                {u.id !== me && (
                  <span className="flex justify-end gap-2">
                    {!u.isSimulated && u.disabledAt === null && <ResetPasswordDialog user={u} />}
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
                  </span>
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
