"use client";
import { useState } from "react";
import { Switch } from "@/app/_ui/Checkbox";
import { Field } from "@/app/_ui/Field";
import { Input } from "@/app/_ui/Input";
import { NumberInput } from "@/app/_ui/NumberInput";
import { Select } from "@/app/_ui/Select";
import type { FeatureSpec } from "@/contracts/project";

const POOLING = [
  { value: "mean", label: "Mean of the tokens" },
  { value: "cls", label: "First token" },
] as const;

type SpecOf<K extends FeatureSpec["kind"]> = Extract<FeatureSpec, { kind: K }>;

/** The settings of one kind of features. */
export function FeatureFields({ spec, onChange }: { spec: FeatureSpec; onChange: (spec: FeatureSpec) => void }) {
  switch (spec.kind) {
    case "text":
      return <TextFields spec={spec} onChange={onChange} />;
    case "record":
      return (
        <div className="grid gap-5 sm:grid-cols-2">
          <ColumnsField
            label="Number columns"
            value={spec.numeric}
            onChange={(numeric) => onChange({ ...spec, numeric })}
          />
          <ColumnsField
            label="Category columns"
            value={spec.categorical}
            onChange={(categorical) => onChange({ ...spec, categorical })}
          />
        </div>
      );
    case "embedding":
      return (
        <Field label="Name of the embedding set">
          <Input value={spec.name} onValueChange={(name) => onChange({ ...spec, name })} required maxLength={200} />
        </Field>
      );
    case "onnx":
      return <OnnxFields spec={spec} onChange={onChange} />;
  }
}

function TextFields({ spec, onChange }: { spec: SpecOf<"text">; onChange: (spec: FeatureSpec) => void }) {
  const [charFrom, charTo] = spec.charNgrams;
  return (
    <div className="flex flex-wrap gap-x-6 gap-y-5">
      <Field label="Dimensions">
        <NumberInput
          value={spec.dim}
          onValueChange={(v) => onChange({ ...spec, dim: v ?? spec.dim })}
          min={8}
          max={1024}
        />
      </Field>
      <Field label="Longest word n-gram">
        <NumberInput
          value={spec.wordNgrams}
          onValueChange={(v) => onChange({ ...spec, wordNgrams: v ?? spec.wordNgrams })}
          min={1}
          max={3}
        />
      </Field>
      <Field label="Shortest character n-gram">
        <NumberInput
          value={charFrom}
          onValueChange={(v) => onChange({ ...spec, charNgrams: [v ?? charFrom, Math.max(v ?? charFrom, charTo)] })}
          min={1}
          max={8}
        />
      </Field>
      <Field label="Longest character n-gram">
        <NumberInput
          value={charTo}
          onValueChange={(v) => onChange({ ...spec, charNgrams: [Math.min(charFrom, v ?? charTo), v ?? charTo] })}
          min={1}
          max={8}
        />
      </Field>
    </div>
  );
}

function OnnxFields({ spec, onChange }: { spec: SpecOf<"onnx">; onChange: (spec: FeatureSpec) => void }) {
  return (
    <div className="grid items-start gap-5 sm:grid-cols-2">
      <Field
        label="Folder"
        hint="Inside the instance's model folder; it holds model.onnx and tokenizer.json."
        className="sm:col-span-2"
      >
        <Input value={spec.path} onValueChange={(path) => onChange({ ...spec, path })} required maxLength={1000} />
      </Field>
      <Field label="Pooling">
        <Select options={POOLING} value={spec.pooling} onValueChange={(pooling) => onChange({ ...spec, pooling })} />
      </Field>
      <Field label="Tokens at most">
        <NumberInput
          value={spec.maxTokens}
          onValueChange={(v) => onChange({ ...spec, maxTokens: v ?? spec.maxTokens })}
          min={8}
          max={8_192}
        />
      </Field>
      <Switch
        label="Normalise vectors"
        hint="To length one."
        checked={spec.normalize}
        onCheckedChange={(normalize) => onChange({ ...spec, normalize })}
      />
    </div>
  );
}

function ColumnsField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string[];
  onChange: (value: string[]) => void;
}) {
  const [text, setText] = useState(value.join(", "));
  return (
    <Field label={label} hint="Names of fields, separated by commas.">
      <Input
        value={text}
        onValueChange={(next) => {
          setText(next);
          const names = next.split(",").map((name) => name.trim());
          onChange(names.filter(Boolean));
        }}
      />
    </Field>
  );
}
