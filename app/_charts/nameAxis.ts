/** Names take at most this share of the width. */
const NAMES_SHARE = 0.42;
/** Mean width of a character of the axis. */
const CHARACTER_PX = 6.4;
const MARGIN_MIN = 48;

/** Room for names at the left of a chart, and to how many characters they are cut. */
export function nameMargin(names: readonly string[], width: number): { marginLeft: number; length: number } {
  const length = Math.max(6, Math.floor((width * NAMES_SHARE) / CHARACTER_PX));
  const longest = names.reduce((most, name) => Math.max(most, Math.min(name.length, length)), 0);
  return { marginLeft: Math.max(MARGIN_MIN, longest * CHARACTER_PX + 14), length };
}

/** A name cut to so many characters. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
