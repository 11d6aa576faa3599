/** Roles on the instance, as a choice. */
export const INSTANCE_ROLE_CHOICES = [
  { value: "member", label: "Member" },
  { value: "administrator", label: "Administrator" },
] as const;
