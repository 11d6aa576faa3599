import type { Metadata } from "next";
import { notFound, redirect } from "next/navigation";
import type { ReactNode } from "react";
import { cache } from "react";
import { api } from "@/app/_rpc/server";
import { readWireError } from "@/app/_ui/readWireError";
import type { ProjectView } from "@/contracts/project";
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

const loadProject = cache(async (slug: string): Promise<ProjectView> => {
  try {
    return await (await api()).project.get({ slug });
  } catch (error) {
    const { code } = readWireError((error as { cause?: unknown }).cause ?? error);
    if (code === "E_NOT_FOUND" || code === "E_FORBIDDEN") notFound();
    throw error;
  }
});
