"use client";
import { ClipboardPaste, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { BUTTON_CLASS, CONTROL_CLASS } from "../_shared/controlClasses";
import type { ConfigEditorProps } from "../types";
import { choiceKeys } from "./keys";
import { LabelRow } from "./LabelRow";
import { findLabelProblems, makeLabelId, parseLabelLines } from "./labelDraft";
import type { ChoiceConfig, ChoiceLabel } from "./schema";

/** The list of labels: titles, keys, colours, descriptions; with what is wrong at each, as it is typed. */
export default function ChoiceConfigEditor({ config, isNew, onChange }: ConfigEditorProps<ChoiceConfig>) {
  const { labels } = config;
  const [known] = useState(() => new Set(isNew ? [] : labels.map((label) => label.id)));
  const problems = useMemo(() => findLabelProblems(labels), [labels]);
  const keys = useMemo(() => choiceKeys(config), [config]);
  const setLabels = (next: ChoiceLabel[]) => onChange({ ...config, labels: next });

  function change(index: number, label: ChoiceLabel) {
    const others = new Set(labels.filter((_, i) => i !== index).map(({ id }) => id));
    // The id of a label that has not been stored follows its title; a stored one is in annotations and stays.
    const id = known.has(label.id) ? label.id : makeLabelId(label.title, others);
    setLabels(labels.map((each, i) => (i === index ? { ...label, id } : each)));
  }
  function move(index: number, by: 1 | -1) {
    const next = [...labels];
    [next[index], next[index + by]] = [next[index + by], next[index]];
    setLabels(next);
  }
  function add() {
    const id = makeLabelId("", new Set(labels.map((label) => label.id)));
    setLabels([...labels, { id, title: "" }]);
  }

  return (
    <div className="flex flex-col gap-3">
      <ol aria-label="Labels" className="flex flex-col divide-y divide-line rounded-lg border border-line bg-surface">
        {labels.map((label, i) => (
          <LabelRow
            // biome-ignore lint/suspicious/noArrayIndexKey: ids follow titles while they are typed; the place is the identity.
            key={i}
            label={label}
            position={i}
            count={labels.length}
            hotkey={keys[i]}
            problems={problems.byLabel[i]}
            onChange={(next) => change(i, next)}
            onMove={(by) => move(i, by)}
            onRemove={() => setLabels(labels.filter((_, at) => at !== i))}
          />
        ))}
      </ol>
      {problems.general.map((problem) => (
        <p key={problem} role="alert" className="text-bad text-sm">
          {problem}
        </p>
      ))}
      <div className="flex flex-wrap items-start gap-2">
        <button type="button" onClick={add} className={BUTTON_CLASS}>
          <Plus aria-hidden="true" size={16} />
          Add a label
        </button>
        <PasteLabels labels={labels} onAdd={(more) => setLabels([...labels.filter(isFilled), ...more])} />
      </div>
    </div>
  );
}

function isFilled(label: ChoiceLabel): boolean {
  return label.title.trim() !== "";
}

function PasteLabels({ labels, onAdd }: { labels: readonly ChoiceLabel[]; onAdd: (labels: ChoiceLabel[]) => void }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const parsed = useMemo(() => parseLabelLines(text, labels.filter(isFilled)), [text, labels]);
  if (!open) {
    return (
      <button type="button" onClick={() => setOpen(true)} className={BUTTON_CLASS}>
        <ClipboardPaste aria-hidden="true" size={16} />
        Paste many
      </button>
    );
  }
  return (
    <div className="flex w-full flex-col gap-2 rounded-lg border border-line p-3">
      <label className="flex flex-col gap-1.5 text-sm">
        One label per line; after a tab or “ | ” its description
        <textarea
          rows={6}
          value={text}
          onChange={(event) => setText(event.target.value)}
          className={`${CONTROL_CLASS} w-full py-2`}
          placeholder={"Card arrival | Where is my new card?\nLost or stolen card"}
        />
      </label>
      <div className="flex flex-wrap items-center gap-2">
        <button
          type="button"
          disabled={parsed.labels.length === 0}
          onClick={() => {
            onAdd(parsed.labels);
            setText("");
            setOpen(false);
          }}
          className={BUTTON_CLASS}
        >
          Add {parsed.labels.length === 1 ? "1 label" : `${parsed.labels.length} labels`}
        </button>
        <button type="button" onClick={() => setOpen(false)} className={BUTTON_CLASS}>
          Cancel
        </button>
        {parsed.nSkipped > 0 && <span className="text-ink-3 text-sm">{parsed.nSkipped} are there already</span>}
      </div>
    </div>
  );
}
