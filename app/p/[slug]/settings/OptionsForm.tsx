"use client";
import { useState } from "react";
import { Checkbox, Switch } from "@/app/_ui/Checkbox";
import { Field } from "@/app/_ui/Field";
import { Input, Textarea } from "@/app/_ui/Input";
import { NumberInput } from "@/app/_ui/NumberInput";
import { Select } from "@/app/_ui/Select";
import type { OptionSchema, OptionsSchema } from "./optionSchema";
import { kindOf, parseNumbers, stepOf, wordsOf } from "./optionSchema";

const DIGITS_MAX = 8;

/** The options that a strategy or trainer declares, as a form made from their JSON Schema. */
export function OptionsForm({
  schema,
  values,
  onChange,
}: {
  schema: OptionsSchema;
  values: Record<string, unknown>;
  onChange: (values: Record<string, unknown>) => void;
}) {
  const entries = Object.entries(schema.properties ?? {});
  if (entries.length === 0) return null;
  const set = (name: string, value: unknown) => {
    const { [name]: _old, ...rest } = values;
    onChange(value === undefined ? rest : { ...rest, [name]: value });
  };
  return (
    <div className="grid items-start gap-5 sm:grid-cols-2">
      {entries.map(([name, option]) => (
        <OptionField
          key={name}
          name={name}
          option={option}
          value={values[name] ?? option.default}
          onChange={(value) => set(name, value)}
        />
      ))}
    </div>
  );
}

interface OptionFieldProps {
  name: string;
  option: OptionSchema;
  value: unknown;
  /** Undefined: as the default says. */
  onChange: (value: unknown) => void;
}

function OptionField({ name, option, value, onChange }: OptionFieldProps) {
  const { title, hint } = wordsOf(name, option);
  const kind = kindOf(option);
  if (kind === "switch")
    return <Switch label={title} hint={hint} checked={value === true} onCheckedChange={onChange} className="sm:pt-1" />;
  if (kind === "words") return <WordsOption {...{ name, option, value, onChange }} />;
  if (kind === "numbers" || kind === "json") return <TextOption {...{ name, option, value, onChange, kind }} />;
  return (
    <Field label={title} hint={hint}>
      {kind === "oneOf" ? (
        <Select
          options={(option.enum ?? []).map((v) => ({ value: String(v), label: String(v) }))}
          value={value === undefined ? null : String(value)}
          onValueChange={onChange}
        />
      ) : kind === "number" ? (
        <NumberInput
          value={typeof value === "number" ? value : null}
          onValueChange={(v) => onChange(v ?? undefined)}
          min={option.minimum}
          max={option.maximum}
          step={stepOf(option)}
          format={{ maximumFractionDigits: DIGITS_MAX }}
        />
      ) : (
        <Input value={String(value ?? "")} onValueChange={(v) => onChange(v === "" ? undefined : v)} />
      )}
    </Field>
  );
}

/** Several words out of a list, in the order of the list; folded, as lists of strategies are long. */
function WordsOption({ name, option, value, onChange }: OptionFieldProps) {
  const { title, hint } = wordsOf(name, option);
  const chosen = Array.isArray(value) ? value.map(String) : [];
  const words = option.items?.enum ?? [];
  const toggle = (word: string, isOn: boolean) => {
    const next = words.filter((each) => (each === word ? isOn : chosen.includes(each)));
    onChange(next.length === 0 ? undefined : next);
  };
  return (
    <details className="sm:col-span-2">
      <summary className="cursor-pointer font-[550] text-sm">
        {title}:{" "}
        <span className="font-normal text-ink-2">{chosen.length === 0 ? "none named" : chosen.join(", ")}</span>
      </summary>
      <fieldset className="mt-2">
        <legend className="mb-2 text-ink-2 text-sm">{hint ?? title}</legend>
        <div className="grid gap-1.5 sm:grid-cols-3">
          {words.map((word) => (
            <Checkbox
              key={word}
              label={word}
              checked={chosen.includes(word)}
              onCheckedChange={(isOn) => toggle(word, isOn)}
            />
          ))}
        </div>
      </fieldset>
    </details>
  );
}

/** A value that is written as text and may be unreadable while it is typed: it is passed on once it can be read. */
function TextOption({ name, option, value, onChange, kind }: OptionFieldProps & { kind: "numbers" | "json" }) {
  const { title, hint } = wordsOf(name, option);
  const stored = write(value, kind);
  const [typed, setTyped] = useState<{ text: string; read: string } | null>(null);
  // What was typed stands until something else is stored.
  const text = typed && typed.read === stored ? typed.text : stored;
  const [error, setError] = useState<string | null>(null);
  function change(next: string) {
    const parsed = read(next, kind);
    setError(parsed.error);
    if (parsed.error !== null) return setTyped({ text: next, read: stored });
    setTyped({ text: next, read: write(parsed.value ?? option.default, kind) });
    onChange(parsed.value);
  }
  return (
    <Field label={title} hint={hint} error={error} className={kind === "json" ? "sm:col-span-2" : undefined}>
      {kind === "json" ? (
        <Textarea value={text} onValueChange={change} rows={5} spellCheck={false} className="font-mono text-sm" />
      ) : (
        <Input value={text} onValueChange={change} inputMode="numeric" />
      )}
    </Field>
  );
}

function write(value: unknown, kind: "numbers" | "json"): string {
  if (value === undefined) return "";
  return kind === "numbers" && Array.isArray(value) ? value.join(", ") : JSON.stringify(value, null, 2);
}

function read(text: string, kind: "numbers" | "json"): { value?: unknown; error: string | null } {
  if (text.trim() === "") return { value: undefined, error: null };
  if (kind === "numbers") {
    const numbers = parseNumbers(text);
    return numbers ? { value: numbers, error: null } : { error: "Numbers, separated by commas." };
  }
  try {
    return { value: JSON.parse(text), error: null };
  } catch {
    return { error: "This is not JSON yet." };
  }
}
