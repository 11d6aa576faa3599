"use client";
import { ArrowDown, ArrowUp, MessageSquareText, Trash2 } from "lucide-react";
import { useState } from "react";
import { CONTROL_CLASS, SMALL_ICON_BUTTON_CLASS } from "../_shared/controlClasses";
import { keyText } from "../_shared/Keycap";
import { LABEL_COLORS } from "./labelDraft";
import type { ChoiceLabel } from "./schema";

/** One label of the list being edited. */
export function LabelRow({
  label,
  position,
  count,
  hotkey,
  problems,
  onChange,
  onMove,
  onRemove,
}: {
  label: ChoiceLabel;
  position: number;
  count: number;
  /** The key it would have now. */
  hotkey: string | null;
  problems: readonly string[];
  onChange: (label: ChoiceLabel) => void;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
}) {
  const name = label.title.trim() || `label ${position + 1}`;
  const [describing, setDescribing] = useState(Boolean(label.description));
  return (
    <li className="flex flex-col gap-2 p-2.5">
      <div className="flex flex-wrap items-center gap-2">
        <ColorInput
          name={name}
          color={label.color}
          fallback={LABEL_COLORS[position % LABEL_COLORS.length]}
          onChange={(color) => onChange({ ...label, color })}
        />
        <input
          dir="auto"
          aria-label={`Title of label ${position + 1}`}
          aria-invalid={problems.length > 0}
          value={label.title}
          maxLength={200}
          placeholder="Title"
          onChange={(event) => onChange({ ...label, title: event.target.value })}
          className={`${CONTROL_CLASS} h-9 flex-[1_1_10rem]`}
        />
        <input
          aria-label={`Key of ${name}`}
          title="One letter or digit; empty: the next free digit"
          value={label.hotkey ?? ""}
          maxLength={1}
          placeholder={hotkey ? keyText(hotkey) : "–"}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(withHotkey(label, event.target.value))}
          className={`${CONTROL_CLASS} h-9 w-12 flex-none text-center`}
        />
        <span className="ms-auto flex">
          <button
            type="button"
            aria-label={`Describe ${name}`}
            aria-expanded={describing}
            onClick={() => setDescribing(!describing)}
            className={SMALL_ICON_BUTTON_CLASS}
          >
            <MessageSquareText aria-hidden="true" size={16} />
          </button>
          <button
            type="button"
            aria-label={`Move ${name} up`}
            disabled={position === 0}
            onClick={() => onMove(-1)}
            className={SMALL_ICON_BUTTON_CLASS}
          >
            <ArrowUp aria-hidden="true" size={16} />
          </button>
          <button
            type="button"
            aria-label={`Move ${name} down`}
            disabled={position === count - 1}
            onClick={() => onMove(1)}
            className={SMALL_ICON_BUTTON_CLASS}
          >
            <ArrowDown aria-hidden="true" size={16} />
          </button>
          <button type="button" aria-label={`Remove ${name}`} onClick={onRemove} className={SMALL_ICON_BUTTON_CLASS}>
            <Trash2 aria-hidden="true" size={16} />
          </button>
        </span>
      </div>
      {describing && (
        <textarea
          dir="auto"
          rows={2}
          aria-label={`Description of ${name}`}
          maxLength={2_000}
          value={label.description ?? ""}
          placeholder="When to choose it, with an example"
          onChange={(event) => onChange({ ...label, description: event.target.value || undefined })}
          className={`${CONTROL_CLASS} w-full py-1.5`}
        />
      )}
      {problems.map((problem) => (
        <p key={problem} role="alert" className="text-bad text-sm">
          {problem}
        </p>
      ))}
    </li>
  );
}

function withHotkey(label: ChoiceLabel, typed: string): ChoiceLabel {
  const { hotkey: _old, ...rest } = label;
  const hotkey = typed.trim().toLowerCase();
  return hotkey === "" ? rest : { ...rest, hotkey };
}

function ColorInput({
  name,
  color,
  fallback,
  onChange,
}: {
  name: string;
  color: string | undefined;
  fallback: string;
  onChange: (color: string | undefined) => void;
}) {
  return (
    <span className="relative flex size-9 shrink-0 items-center justify-center rounded-md hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-focus">
      <span
        aria-hidden="true"
        className="size-4 rounded-full border border-line-strong"
        style={color ? { background: color, borderColor: color } : undefined}
      />
      <input
        type="color"
        aria-label={`Colour of ${name}`}
        title="Colour; a double click removes it"
        value={color ?? fallback}
        onChange={(event) => onChange(event.target.value)}
        onDoubleClick={() => onChange(undefined)}
        className="absolute inset-0 cursor-pointer opacity-0"
      />
    </span>
  );
}
