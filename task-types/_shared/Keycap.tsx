const SIGNS: Record<string, string> = { enter: "↵", escape: "Esc", backspace: "⌫", arrowdown: "↓", arrowup: "↑" };

/** A key as a person reads it: "shift+3" → "⇧3", "mod+z" → "Ctrl Z". */
export function keyText(name: string): string {
  return name
    .split("+")
    .map((part) => (part === "shift" ? "⇧" : part === "mod" ? "Ctrl " : (SIGNS[part] ?? part.toUpperCase())))
    .join("");
}

/** The key printed on a button. Hidden from screen readers: the button says it through aria-keyshortcuts. */
export function Keycap({ name }: { name: string }) {
  return (
    <span
      aria-hidden="true"
      className="inline-flex h-5.5 min-w-5.5 shrink-0 items-center justify-center rounded-sm border border-line border-b-2 bg-surface px-1 font-[550] font-sans text-ink-2 text-xs pointer-coarse:hidden"
    >
      {keyText(name)}
    </span>
  );
}
