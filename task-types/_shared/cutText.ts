/** Characters per part: about six screens, small enough that the browser can skip parts that are out of sight. */
const PART_CHARS = 12_000;
/** A text up to this long is laid out whole. */
const WHOLE_CHARS = 20_000;

/**
 * Cuts a long text into parts so that only those in sight are laid out. Parts joined with nothing but the line breaks at
 * their ends give the text again; cuts fall on line breaks where there are any, else on spaces, else anywhere but inside a
 * surrogate pair. Cost: O(length).
 */
export function cutText(text: string): string[] {
  if (text.length <= WHOLE_CHARS) return [text];
  const parts: string[] = [];
  let at = 0;
  while (text.length - at > PART_CHARS) {
    const end = cutPoint(text, at, at + PART_CHARS);
    parts.push(text.slice(at, end));
    at = end;
    // The break between two paragraphs is made by the blocks themselves.
    if (text[at] === "\n") at += 1;
  }
  parts.push(text.slice(at));
  return parts;
}

function cutPoint(text: string, from: number, to: number): number {
  const half = from + PART_CHARS / 2;
  const line = text.lastIndexOf("\n", to);
  if (line > half) return line;
  const space = text.lastIndexOf(" ", to);
  if (space > half) return space + 1;
  const code = text.charCodeAt(to);
  return code >= 0xdc00 && code <= 0xdfff ? to - 1 : to;
}
