import "server-only";

import { notFound } from "next/navigation";
import { cache } from "react";
import { api } from "@/app/_rpc/server";
import { readWireError } from "@/app/_ui/readWireError";
import type { ProjectView } from "@/contracts/project";

/**
 * The project of an address, once per request for layout, title and page. One that does not exist and one that the
 * visitor may not see end on the same page: nothing is here.
 */
export const loadProject = cache(async (slug: string): Promise<ProjectView> => {
  try {
    return await (await api()).project.get({ slug });
  } catch (error) {
    const { code } = readWireError((error as { cause?: unknown }).cause ?? error);
    if (code === "E_NOT_FOUND" || code === "E_FORBIDDEN") notFound();
    throw error;
  }
});
