const KEY_AND_LONG_INTEGER = /"(?:[^"\\]|\\.)*"(?:\s*:\s*(-?\d{16,})(?![\d.eE]))?/g;

/** Whole numbers that a double cannot hold, as they are written, by the record that was made of the text. */
const written = new WeakMap<object, Map<string, string>>();

/** Notes whole numbers beyond ±2^53 of a record's text, which JSON.parse rounds. */
export function noteLongIntegers(record: object, text: string): void {
  if (!/\d{16}/.test(text)) return;
  const found = new Map<string, string>();
  // Strings are passed over one by one, so that nothing inside of one is taken for a number.
  for (const [whole, literal] of text.matchAll(KEY_AND_LONG_INTEGER)) {
    if (literal === undefined || Number.isSafeInteger(Number(literal))) continue;
    found.set(JSON.parse(whole.slice(0, whole.lastIndexOf('"') + 1)) as string, literal);
  }
  if (found.size > 0) written.set(record, found);
}

/** The number as the file has it; undefined when the record's number is what is written. */
export function longIntegerOf(record: object, name: string): string | undefined {
  return written.get(record)?.get(name);
}
