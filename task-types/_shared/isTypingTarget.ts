const NOT_TEXT = new Set(["button", "checkbox", "radio", "range", "reset", "submit", "color", "file", "image"]);

/** Whether keys pressed on this element are text that somebody types: then no shortcut may take them. */
export function isTypingTarget(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !NOT_TEXT.has(target.type);
}

/** Whether Enter on this element already means something: a focused button or link answers for itself. */
export function answersEnter(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("button, a[href], summary, [role=menuitem]") !== null;
}

const POPUPS = ["dialog", "alertdialog", "menu"].map((role) => `[role=${role}]:not([data-closed])`).join(", ");

/**
 * Whether the focus is in a window or menu that lies over the page and has keys of its own. One that is fading away
 * (`data-closed`) has given them back already.
 */
export function isInPopup(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest(POPUPS) !== null;
}
