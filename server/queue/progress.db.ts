import type { AnnotatorProgress } from "@/contracts/queue";
import type { Db } from "../db";
import { distinctItems, distinctResolved } from "./distinctItems";

/** How far a person and the project are, from running totals. `day` is a UTC day, yyyy-mm-dd. */
export async function readProgress(db: Db, projectId: number, userId: string, day: string): Promise<AnnotatorProgress> {
  const { rows } = await db.query<AnnotatorProgress>({
    name: "winnow_progress",
    text: `
      select ${distinctResolved("$1")} as "projectResolved",
             ${distinctItems("$1")} as "projectItems",
             coalesce((select n_labels from annotator_counter where project_id = $1 and user_id = $2), 0) as "mineTotal",
             coalesce((select n_labels_day from annotator_counter
                        where project_id = $1 and user_id = $2 and day = $3::date), 0) as "mineToday"`,
    values: [projectId, userId, day],
  });
  return rows[0];
}
