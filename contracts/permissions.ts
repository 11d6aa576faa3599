/**
 * The one permission table. The server enforces it through the procedure ladder; the browser reads it to hide what would
 * be refused anyway.
 */
export const PROJECT_ROLES = ["lead", "reviewer", "annotator"] as const;
export type ProjectRole = (typeof PROJECT_ROLES)[number];
export const INSTANCE_ROLES = ["administrator", "member"] as const;
export type InstanceRole = (typeof INSTANCE_ROLES)[number];
export const API_SCOPES = ["ingest", "read", "export"] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** What can be allowed inside a project, with the roles and key scopes that have it. Administrators have all of it. */
export const PROJECT_PERMISSIONS = {
  /** See the project, its progress and its guidelines. */
  view: { roles: ["lead", "reviewer", "annotator"], scopes: ["read", "ingest", "export"] },
  /** Claim, submit, skip, undo, flag. */
  annotate: { roles: ["lead", "reviewer", "annotator"], scopes: [] },
  /** See items, other people's annotations, dashboards. */
  read: { roles: ["lead", "reviewer"], scopes: ["read"] },
  /** Resolve flags and disagreements. */
  review: { roles: ["lead", "reviewer"], scopes: [] },
  /** Add items, embeddings, predictions; start imports; delete items. */
  ingest: { roles: ["lead"], scopes: ["ingest"] },
  /** Download labels and manifests. */
  export: { roles: ["lead"], scopes: ["export"] },
  /** Settings, strategy, models, jobs, members, keys, pause, release leases. */
  manage: { roles: ["lead"], scopes: [] },
} as const satisfies Record<string, { roles: readonly ProjectRole[]; scopes: readonly ApiScope[] }>;
export type ProjectPermission = keyof typeof PROJECT_PERMISSIONS;

/** Whether a project role includes a permission. */
export function roleAllows(role: ProjectRole, permission: ProjectPermission): boolean {
  return (PROJECT_PERMISSIONS[permission].roles as readonly string[]).includes(role);
}

/** Whether any of a key's scopes includes a permission. */
export function scopesAllow(scopes: readonly string[], permission: ProjectPermission): boolean {
  return (PROJECT_PERMISSIONS[permission].scopes as readonly string[]).some((scope) => scopes.includes(scope));
}
