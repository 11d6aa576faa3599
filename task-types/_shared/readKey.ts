/** The parts of a keyboard event that decide which key it is. */
export interface KeyLike {
  key: string;
  code: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing?: boolean;
  getModifierState?(key: string): boolean;
}

/**
 * The names of a pressed key, most specific first; a listener acts on the first name that it knows.
 *
 * Digits are positions on the keyboard (`event.code`), because on AZERTY and others the digit row types something else
 * without Shift: "3", "shift+3". Letters and signs are what is printed on the key (`event.key`), lower-case: "a", "/", "?".
 * On layouts without Latin letters the position stands in, so that a Cyrillic keyboard can press "s". Ctrl or Cmd gives
 * "mod+z". Empty while an input method composes and with Alt held: those belong to the browser.
 */
export function readKey(event: KeyLike): string[] {
  if (event.isComposing || event.key === "Process" || event.key === "Dead" || event.key === "Unidentified") return [];
  const altGraph = event.getModifierState?.("AltGraph") ?? false;
  if (event.altKey && !altGraph) return [];

  const printed = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !altGraph) {
    const letter = isLatin(printed) ? printed : (latinOf(event.code) ?? printed);
    return [event.shiftKey ? `mod+shift+${letter}` : `mod+${letter}`];
  }

  const names: string[] = [];
  const digit = digitOf(event.code, printed);
  if (digit !== null) names.push(event.shiftKey ? `shift+${digit}` : digit);
  const char = printed.length > 1 || isAscii(printed) ? printed : (latinOf(event.code) ?? printed);
  if (event.shiftKey && isLatin(char)) names.push(`shift+${char}`);
  else if (char !== names[0]) names.push(char);
  return names;
}

/** Digit row by position; number pad only while it types digits. */
function digitOf(code: string, printed: string): string | null {
  const row = /^Digit([0-9])$/.exec(code);
  if (row) return row[1];
  const pad = /^Numpad([0-9])$/.exec(code);
  return pad && printed === pad[1] ? pad[1] : null;
}

function latinOf(code: string): string | null {
  return /^Key([A-Z])$/.exec(code)?.[1].toLowerCase() ?? null;
}

function isLatin(char: string): boolean {
  return /^[a-z]$/.test(char);
}

function isAscii(char: string): boolean {
  return char.codePointAt(0)! < 128;
}
