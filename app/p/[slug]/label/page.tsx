import type { Metadata } from "next";
import { notFound, redirect } from "next/navigation";
import { api } from "@/app/_rpc/server";
import { roleAllows } from "@/contracts/permissions";
import { LabelScreen } from "./LabelScreen";

export const metadata: Metadata = { title: "Label" };

export default async function LabelPage({ params }: { params: Promise<{ slug: string }> }) {
  const { slug } = await params;
  const caller = await api();
  const { user } = await caller.access.state();
  if (!user) redirect(`/sign-in?next=${encodeURIComponent(`/p/${slug}/label`)}`);
  const project = await caller.project.get({ slug });
  if (project.myRole === null || !roleAllows(project.myRole, "annotate")) notFound();
  return <LabelScreen project={project} user={user} />;
}
