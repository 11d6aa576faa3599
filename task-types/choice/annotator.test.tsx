// @vitest-environment happy-dom
import { act } from "react";
import type { Root } from "react-dom/client";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AnnotatorProps } from "../types";
import ChoiceAnnotator from "./annotator";
import type { ChoiceConfig, ChoiceValue } from "./schema";

type Props = AnnotatorProps<ChoiceConfig, ChoiceValue>;
const CONFIG: ChoiceConfig = {
  schemaVersion: 1,
  labels: [
    { id: "ham", title: "Ham" },
    { id: "spam", title: "Spam", hotkey: "x" },
    { id: "other", title: "Other" },
  ],
};
const MANY: ChoiceConfig = {
  schemaVersion: 1,
  labels: Array.from({ length: 30 }, (_, i) => ({ id: `t${i}`, title: `Topic ${i}` })),
};

let root: Root;
let box: HTMLElement;
beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  box = document.body.appendChild(document.createElement("div"));
  root = createRoot(box);
});
afterEach(async () => {
  await act(async () => root.unmount());
  box.remove();
});

async function show(props: Partial<Props> = {}) {
  const onSubmit = vi.fn();
  const onDraft = vi.fn();
  await act(async () =>
    root.render(
      <ChoiceAnnotator
        config={CONFIG}
        item={{ row: 1, content: { text: "<b>free</b> money" } }}
        suggestion={null}
        initialValue={null}
        active
        preferences={{ suggestionsFirst: null, confirm: false }}
        onSubmit={onSubmit}
        onDraft={onDraft}
        {...props}
      />,
    ),
  );
  return { onSubmit, onDraft };
}

async function press(key: string, code: string, more: KeyboardEventInit = {}, target: EventTarget = window) {
  await act(async () => {
    target.dispatchEvent(new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true, ...more }));
  });
}

const SUGGESTION: Props["suggestion"] = {
  top: [
    ["spam", 0.87],
    ["ham", 0.1],
  ],
  value: { choice: "spam" },
  modelVersion: 3,
};

describe("choice annotator", () => {
  it("shows the item as text, never as markup", async () => {
    await show();
    expect(box.querySelector("b")).toBeNull();
    expect(box.textContent).toContain("<b>free</b> money");
  });

  it("submits with one digit, one letter, one click", async () => {
    const { onSubmit } = await show();
    await press("1", "Digit1");
    await press("x", "KeyX");
    await press("2", "Digit2");
    await act(async () => box.querySelectorAll<HTMLElement>("button")[2].click());
    expect(onSubmit.mock.calls.map(([value]) => value.choice)).toEqual(["ham", "spam", "other", "other"]);
  });

  it("listens to nothing while it is covered or waits behind", async () => {
    const { onSubmit } = await show({ active: false });
    await press("1", "Digit1");
    await act(async () => box.querySelector<HTMLElement>("button")?.click());
    expect(onSubmit).not.toHaveBeenCalled();
  });

  it("answers a held key once and takes no key from a field", async () => {
    const { onSubmit } = await show();
    await press("1", "Digit1", { repeat: true });
    const input = document.body.appendChild(document.createElement("input"));
    await press("1", "Digit1", {}, input);
    input.remove();
    expect(onSubmit).not.toHaveBeenCalled();
  });

  it("accepts the suggestion with Enter, and leaves Enter to a focused button", async () => {
    const { onSubmit } = await show({ suggestion: SUGGESTION });
    expect(box.textContent).toContain("87 %");
    await press("Enter", "Enter", {}, box.querySelectorAll("button")[0]);
    expect(onSubmit).not.toHaveBeenCalled();
    await press("Enter", "Enter");
    expect(onSubmit).toHaveBeenCalledWith({ choice: "spam" });
  });

  it("keeps the answer before an undo with Enter, whatever the model suggests", async () => {
    const { onSubmit } = await show({ suggestion: SUGGESTION, initialValue: { choice: "ham" } });
    expect(box.querySelector("[aria-pressed=true]")?.textContent).toContain("Ham");
    // The key is printed where it leads.
    expect([...box.querySelectorAll("button")].map((button) => button.textContent?.includes("↵"))).toEqual([
      true,
      false,
      false,
    ]);
    await press("Enter", "Enter");
    expect(onSubmit).toHaveBeenCalledWith({ choice: "ham" });
  });

  it("with confirmation marks first, saves a draft, and submits with Enter or the same key", async () => {
    const { onSubmit, onDraft } = await show({ preferences: { suggestionsFirst: null, confirm: true } });
    await press("1", "Digit1");
    expect(onSubmit).not.toHaveBeenCalled();
    expect(onDraft).toHaveBeenCalledWith({ choice: "ham" });
    await press("x", "KeyX");
    await press("Enter", "Enter");
    expect(onSubmit).toHaveBeenCalledWith({ choice: "spam" });
  });

  it("gives the first digits to the suggestions when there are many labels", async () => {
    const top: [string, number][] = [
      ["t20", 0.5],
      ["t21", 0.3],
    ];
    const { onSubmit } = await show({ config: MANY, suggestion: { top, value: { choice: "t20" }, modelVersion: 1 } });
    await press("2", "Digit2");
    await press("6", "Digit6");
    // The third suggestion does not exist: its key does nothing rather than something else.
    await press("3", "Digit3");
    expect(onSubmit.mock.calls.map(([value]) => value.choice)).toEqual(["t21", "t0"]);
  });

  it("finds one of many labels by typing, arrows and Enter", async () => {
    const { onSubmit } = await show({ config: MANY });
    await press("/", "Slash");
    const search = box.querySelector("input") as HTMLInputElement;
    expect(document.activeElement).toBe(search);
    await press("Enter", "Enter", {}, search);
    expect(onSubmit).not.toHaveBeenCalled();
    await act(async () => {
      const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
      setter?.call(search, "topic 2");
      search.dispatchEvent(new Event("input", { bubbles: true }));
    });
    expect(box.querySelectorAll("[role=option]")).toHaveLength(12);
    await press("ArrowDown", "ArrowDown", {}, search);
    const active = search.getAttribute("aria-activedescendant") ?? "";
    expect(document.getElementById(active)?.textContent).toContain("Topic 20");
    await press("Enter", "Enter", {}, search);
    expect(onSubmit).toHaveBeenCalledWith({ choice: "t20" });
  });

  it("shows records as a table of named fields", async () => {
    await show({ item: { row: 1, content: { fields: { Amount: 12.5, Note: null, Paid: true } } } });
    const cells = [...box.querySelectorAll("tr")].map((row) => row.textContent);
    expect(cells).toEqual(["Amount12.5", "Noteempty", "Paidtrue"]);
    expect(box.querySelectorAll("th[scope=row]")).toHaveLength(3);
  });
});
