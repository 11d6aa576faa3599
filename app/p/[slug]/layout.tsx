import type { Metadata } from "next";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { api } from "@/app/_rpc/server";
import { loadProject } from "./_shell/loadProject";
import { ProjectShell } from "./_shell/ProjectShell";

interface Props {
  params: Promise<{ slug: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { slug } = await params;
  const { user } = await (await api()).access.state();
  const name = user ? (await loadProject(slug)).name : "Winnow";
  return { title: { default: name, template: `%s · ${name}` } };
}

/** Everything of one project stands inside: who may not see it learns nothing but that there is no such page. */
export default async function ProjectLayout({ params, children }: Props & { children: ReactNode }) {
  const { slug } = await params;
  const { user } = await (await api()).access.state();
  if (!user) redirect(`/sign-in?next=${encodeURIComponent(`/p/${slug}`)}`);
  return (
    <ProjectShell project={await loadProject(slug)} user={user}>
      {children}
    </ProjectShell>
  );
}
