import "server-only";

import { notFound, redirect } from "next/navigation";
import { api } from "@/app/_rpc/server";
import type { ProjectPermission } from "@/contracts/permissions";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";

/** The project behind a lead's page, for people who may see it; annotators are sent to their own screen. */
export async function loadLeadPage(
  params: Promise<{ slug: string }>,
  permission: ProjectPermission,
): Promise<ProjectView> {
  const { slug } = await params;
  const caller = await api();
  const project = await caller.project.get({ slug });
  if (project.myRole === null) notFound();
  if (!roleAllows(project.myRole, permission)) redirect(`/p/${slug}/label`);
  return project;
}
