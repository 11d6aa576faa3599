import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { api } from "@/app/_rpc/server";
import { AppHeader } from "@/app/_ui/AppHeader";

export default async function AdminLayout({ children }: { children: ReactNode }) {
  const { user } = await (await api()).access.state();
  if (!user) redirect("/sign-in?next=/admin");
  return (
    <>
      <AppHeader user={user} />
      <main id="main">{children}</main>
    </>
  );
}
