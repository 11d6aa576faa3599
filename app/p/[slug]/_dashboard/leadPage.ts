import "server-only";

import { notFound, redirect } from "next/navigation";
import { api } from "@/app/_rpc/server";
import type { ProjectPermission } from "@/contracts/permissions";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import { loadProject } from "../_shell/loadProject";

/** The project behind a lead's page, for people who may see it; annotators are sent to their own screen. */
export async function loadLeadPage(
  params: Promise<{ slug: string }>,
  permission: ProjectPermission,
): Promise<ProjectView> {
  const { slug } = await params;
  // Pages and their layout render side by side: without a visitor the layout's redirect must not race an error from here.
  const { user } = await (await api()).access.state();
  if (!user) redirect(`/sign-in?next=${encodeURIComponent(`/p/${slug}`)}`);
  const project = await loadProject(slug);
  if (project.myRole === null) notFound();
  if (!roleAllows(project.myRole, permission)) redirect(`/p/${slug}/label`);
  return project;
}
