"use client";
import type { AnnotatorProps } from "../types";
import type { ChoiceConfig, ChoiceValue } from "./schema";

export default function ChoiceAnnotator({ config, onSubmit }: AnnotatorProps<ChoiceConfig, ChoiceValue>) {
  return (
    <div>
      {config.labels.map((label) => (
        <button key={label.id} type="button" onClick={() => onSubmit({ choice: label.id })}>
          {label.title}
        </button>
      ))}
    </div>
  );
}
