/**
 * SQL of a project's totals without exact copies. A copy is served to nobody: it stands with its original, so a project
 * is done when its originals are. `project` is the number of a parameter, such as "$1".
 */
export const distinctItems = (project: string): string =>
  `coalesce((select n_items - n_duplicates from row_counter where project_id = ${project}), 0)`;

/** Copies that are resolved by labels of their own, as imports bring them; a range of a partial index, empty as a rule. */
export const resolvedCopies = (project: string): string =>
  `(select count(*) from item where project_id = ${project} and duplicate_of is not null and status = 'resolved'
      and deleted_at is null)`;

export const distinctResolved = (project: string): string =>
  `coalesce((select n_resolved from label_counter where project_id = ${project}), 0) - ${resolvedCopies(project)}`;
