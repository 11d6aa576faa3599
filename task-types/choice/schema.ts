import { z } from "zod";

export const SCHEMA_VERSION = 1;

export const choiceLabel = z.object({
  /** Stable: stored in annotations, exports and models. */
  id: z.string().min(1).max(200),
  title: z.string().trim().min(1).max(200),
  description: z.string().max(2_000).optional(),
  /** One letter or digit; absent: digits in order. */
  hotkey: z
    .string()
    .regex(/^[a-z0-9]$/, "one lower-case letter or digit")
    .optional(),
  color: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, "a colour such as #3b82f6")
    .optional(),
});
export type ChoiceLabel = z.infer<typeof choiceLabel>;

export const choiceConfig = z
  .object({
    schemaVersion: z.literal(SCHEMA_VERSION).default(SCHEMA_VERSION),
    labels: z.array(choiceLabel).min(2).max(500),
  })
  .superRefine((config, ctx) => {
    duplicateOf(config.labels.map((l) => l.id)).forEach((i) => {
      ctx.addIssue({
        code: "custom",
        path: ["labels", i, "id"],
        message: `label id "${config.labels[i].id}" is used twice`,
      });
    });
    duplicateOf(config.labels.map((l) => l.hotkey)).forEach((i) => {
      ctx.addIssue({
        code: "custom",
        path: ["labels", i, "hotkey"],
        message: `key "${config.labels[i].hotkey}" is used twice`,
      });
    });
    config.labels.forEach((label, i) => {
      if (label.hotkey !== undefined && RESERVED_KEYS.includes(label.hotkey)) {
        ctx.addIssue({
          code: "custom",
          path: ["labels", i, "hotkey"],
          message: `key "${label.hotkey}" is taken by the screen`,
        });
      }
    });
  });
export type ChoiceConfig = z.infer<typeof choiceConfig>;

/** Letters the annotation screen itself uses: skip, flag, guidelines, why, undo. */
export const RESERVED_KEYS: readonly string[] = ["s", "f", "g", "w", "u"];

export interface ChoiceValue {
  choice: string;
}

/** Schema of a value under a configuration: the id of one of its labels. */
export function choiceValueSchema(config: ChoiceConfig): z.ZodType<ChoiceValue> {
  const ids = new Set(config.labels.map((l) => l.id));
  return z.strictObject({
    choice: z.string().refine((id) => ids.has(id), {
      error: (issue) => `"${String(issue.input)}" is not one of the project's ${ids.size} labels`,
    }),
  });
}

/** Positions of entries that repeat an earlier defined one. */
function duplicateOf(values: (string | undefined)[]): number[] {
  const seen = new Set<string>();
  const repeated: number[] = [];
  values.forEach((value, i) => {
    if (value === undefined) return;
    if (seen.has(value)) repeated.push(i);
    seen.add(value);
  });
  return repeated;
}
