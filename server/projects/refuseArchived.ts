import { AppError } from "../errors";
import type { ProjectRow } from "./projectRow";

/** @throws E_CONFLICT where the project is archived: nothing is added to it or changed in it until it is active again. */
export function refuseArchived(project: Pick<ProjectRow, "status" | "name">): void {
  if (project.status !== "archived") return;
  throw new AppError(
    "E_CONFLICT",
    `The project "${project.name}" is archived: it takes nothing new. A lead can make it active again in its settings.`,
    { details: { reason: "archived" } },
  );
}
