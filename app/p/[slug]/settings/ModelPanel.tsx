"use client";
import { useState } from "react";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { Switch } from "@/app/_ui/Checkbox";
import { ErrorState } from "@/app/_ui/ErrorState";
import { Field } from "@/app/_ui/Field";
import { Input } from "@/app/_ui/Input";
import { NumberInput } from "@/app/_ui/NumberInput";
import { RadioCards } from "@/app/_ui/RadioCards";
import { Select } from "@/app/_ui/Select";
import type { FeatureSpec, ProjectView } from "@/contracts/project";
import { useSaveProject } from "./useSave";

const TRAINERS = [
  {
    value: "softmax",
    label: "Linear (softmax)",
    hint: "Trains in a blink; the best choice up to some thousand labels.",
  },
  { value: "mlp", label: "Neural network (MLP)", hint: "One or two hidden layers; for more labels." },
] as const;
const FEATURES: { value: FeatureSpec["kind"]; title: string; hint: string }[] = [
  {
    value: "text",
    title: "Words and characters",
    hint: "TF-IDF of word and character n-grams, reduced by a randomised SVD. Nothing to download.",
  },
  { value: "record", title: "Record columns", hint: "Numbers are standardised, categories become indicators." },
  { value: "embedding", title: "Vectors you send", hint: "Attached through the API under a name." },
  { value: "onnx", title: "A sentence encoder", hint: "An ONNX model in the instance's model folder." },
];

/** How items become vectors, which trainer learns from them, and when it runs. */
export function ModelPanel({ project }: { project: ProjectView }) {
  return (
    <div className="grid gap-5 lg:grid-cols-2">
      <RetrainingCard project={project} />
      <TrainerCard project={project} />
      <FeaturesCard project={project} />
    </div>
  );
}

function RetrainingCard({ project }: { project: ProjectView }) {
  const save = useSaveProject(project.id);
  const [policy, setPolicy] = useState(project.retrainPolicy);
  return (
    <Card
      title="When to retrain"
      description="At most one training runs at a time; labels that arrive meanwhile start the next."
    >
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ projectId: project.id, retrainPolicy: policy });
        }}
      >
        <Switch
          label="Retrain by itself"
          hint="Off: only when a lead asks for it."
          checked={policy.automatic}
          onCheckedChange={(automatic) => setPolicy({ ...policy, automatic })}
        />
        <div className="grid gap-5 sm:grid-cols-3">
          <Field label="Every">
            <NumberInput
              value={policy.everyLabels}
              onValueChange={(v) => setPolicy({ ...policy, everyLabels: v ?? 25 })}
              min={1}
              max={100_000}
              unit="labels"
            />
          </Field>
          <Field label="or every">
            <NumberInput
              value={policy.everySeconds}
              onValueChange={(v) => setPolicy({ ...policy, everySeconds: v ?? 120 })}
              min={5}
              max={86_400}
              unit="s"
            />
          </Field>
          <Field label="First at">
            <NumberInput
              value={policy.minLabels}
              onValueChange={(v) => setPolicy({ ...policy, minLabels: v ?? 20 })}
              min={2}
              max={100_000}
              unit="labels"
            />
          </Field>
        </div>
        <SaveRow save={save} />
      </form>
    </Card>
  );
}

function TrainerCard({ project }: { project: ProjectView }) {
  const save = useSaveProject(project.id);
  const [id, setId] = useState(project.trainerSpec.id);
  const known = TRAINERS.some((t) => t.value === id);
  return (
    <Card title="Trainer">
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          const options = id === project.trainerSpec.id ? project.trainerSpec.options : {};
          save.mutate({ projectId: project.id, trainerSpec: { id, options } });
        }}
      >
        <Field label="Kind of model">
          <Select
            options={known ? TRAINERS : [...TRAINERS, { value: id, label: id }]}
            value={id}
            onValueChange={setId}
          />
        </Field>
        <SaveRow save={save} />
      </form>
    </Card>
  );
}

function FeaturesCard({ project }: { project: ProjectView }) {
  const save = useSaveProject(project.id);
  const [spec, setSpec] = useState<FeatureSpec>(project.featureSpec);
  return (
    <Card
      title="Features"
      description="Changing them relearns all vectors; older model versions keep theirs."
      className="lg:col-span-2"
    >
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ projectId: project.id, featureSpec: spec });
        }}
      >
        <RadioCards
          label="Features"
          columns={2}
          options={FEATURES.map((f) => ({ ...f, disabled: f.value === "record" && project.contentKind !== "record" }))}
          value={spec.kind}
          onValueChange={(kind) => setSpec(kind === project.featureSpec.kind ? project.featureSpec : emptySpec(kind))}
        />
        {spec.kind === "text" && (
          <div className="grid gap-5 sm:grid-cols-3">
            <Field label="Dimensions">
              <NumberInput
                value={spec.dim}
                onValueChange={(v) => setSpec({ ...spec, dim: v ?? 256 })}
                min={8}
                max={1024}
              />
            </Field>
            <Field label="Longest word n-gram">
              <NumberInput
                value={spec.wordNgrams}
                onValueChange={(v) => setSpec({ ...spec, wordNgrams: v ?? 2 })}
                min={1}
                max={3}
              />
            </Field>
          </div>
        )}
        {spec.kind === "record" && (
          <div className="grid gap-5 sm:grid-cols-2">
            <ColumnsField
              label="Number columns"
              value={spec.numeric}
              onChange={(numeric) => setSpec({ ...spec, numeric })}
            />
            <ColumnsField
              label="Category columns"
              value={spec.categorical}
              onChange={(categorical) => setSpec({ ...spec, categorical })}
            />
          </div>
        )}
        {spec.kind === "embedding" && (
          <Field label="Name of the embedding set">
            <Input value={spec.name} onValueChange={(name) => setSpec({ ...spec, name })} required maxLength={200} />
          </Field>
        )}
        {spec.kind === "onnx" && (
          <Field label="Folder" hint="Inside the instance's model folder; it holds model.onnx and tokenizer.json.">
            <Input value={spec.path} onValueChange={(path) => setSpec({ ...spec, path })} required maxLength={1000} />
          </Field>
        )}
        <SaveRow save={save} />
      </form>
    </Card>
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
          onChange(
            next
              .split(",")
              .map((s) => s.trim())
              .filter(Boolean),
          );
        }}
      />
    </Field>
  );
}

function emptySpec(kind: FeatureSpec["kind"]): FeatureSpec {
  switch (kind) {
    case "text":
      return { kind, hashBits: 17, wordNgrams: 2, charNgrams: [3, 5], dim: 256, sampleRows: 20_000 };
    case "record":
      return { kind, numeric: [], categorical: [], maxCategories: 50 };
    case "embedding":
      return { kind, name: "" };
    case "onnx":
      return { kind, path: "", pooling: "mean", normalize: true, maxTokens: 256 };
  }
}

function SaveRow({ save }: { save: ReturnType<typeof useSaveProject> }) {
  return (
    <>
      {save.error && <ErrorState error={save.error} compact />}
      <Button type="submit" variant="primary" busy={save.isPending} className="w-fit">
        Save
      </Button>
    </>
  );
}
