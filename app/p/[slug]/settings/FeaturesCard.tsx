"use client";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { RadioCards } from "@/app/_ui/RadioCards";
import type { FeatureSpec, ProjectView } from "@/contracts/project";
import { FeatureFields } from "./FeatureFields";
import { SaveRow } from "./SaveRow";
import { useDraft } from "./useDraft";
import { useSaveProject } from "./useSave";

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

/** How items become vectors. */
export function FeaturesCard({ project }: { project: ProjectView }) {
  const save = useSaveProject(project.id);
  const draft = useDraft({ spec: project.featureSpec });
  const { spec } = draft.values;
  const setSpec = (next: FeatureSpec) => draft.set({ spec: next });
  return (
    <Card title="Features" description="How items become vectors that models learn from.">
      <form
        noValidate
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ projectId: project.id, featureSpec: spec }, { onSuccess: draft.reset });
        }}
      >
        <RadioCards
          label="Features"
          columns={2}
          options={FEATURES.map((f) => ({ ...f, disabled: f.value === "record" && project.contentKind !== "record" }))}
          value={spec.kind}
          onValueChange={(kind) => setSpec(kind === project.featureSpec.kind ? project.featureSpec : emptySpec(kind))}
        />
        <FeatureFields key={spec.kind} spec={spec} onChange={setSpec} />
        {draft.isChanged && (
          <Callout>
            All vectors are computed anew in the background, then a new model is trained. Older versions keep theirs.
          </Callout>
        )}
        <SaveRow draft={draft} save={save} names={{ spec: "the features" }} />
      </form>
    </Card>
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
