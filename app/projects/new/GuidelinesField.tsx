"use client";
import { Field } from "@/app/_ui/Field";
import { Textarea } from "@/app/_ui/Input";
import { Markdown } from "@/app/_ui/Markdown";
import { Tabs } from "@/app/_ui/Tabs";

/** Markdown to write, and how annotators will see it. */
export function GuidelinesField({
  value,
  error,
  onChange,
}: {
  value: string;
  error?: string;
  onChange: (value: string) => void;
}) {
  return (
    <Tabs
      label="Guidelines"
      tabs={[
        {
          value: "write",
          label: "Write",
          content: (
            <Field label="Guidelines" optional error={error}>
              <Textarea
                dir="auto"
                rows={8}
                value={value}
                onValueChange={onChange}
                placeholder={
                  "# What counts as spam?\n\n**Spam** sells or tricks. Everything a person wrote to a person is **ham**."
                }
              />
            </Field>
          ),
        },
        {
          value: "preview",
          label: "Preview",
          content:
            value.trim() === "" ? (
              <p className="text-ink-3 text-sm">Nothing written yet.</p>
            ) : (
              <Markdown text={value} />
            ),
        },
      ]}
    />
  );
}
