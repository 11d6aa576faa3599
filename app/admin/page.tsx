import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { api } from "@/app/_rpc/server";
import { AdminPage } from "./AdminPage";

export const metadata: Metadata = { title: "Administration" };

export default async function AdminRoute() {
  const caller = await api();
  const { user } = await caller.access.state();
  if (!user) redirect("/sign-in?next=/admin");
  if (user.role !== "administrator") redirect("/");
  return <AdminPage me={user.id} />;
}
