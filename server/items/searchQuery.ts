const WORDS_MAX = 20;
/** A shorter last word is taken as it is: its continuations would be a large part of all words. */
const BEGINNING_LENGTH_MIN = 3;

/**
 * What a person typed as a tsquery of the configuration 'simple': all words, the last one (from three
 * characters on) as a beginning. Each word is
 * quoted, so operators and punctuation mean nothing; PostgreSQL's own parser splits what it split in the documents
 * ("foo-bar" finds foo-bar). Undefined: nothing to search for.
 */
export function searchQuery(text: string): string | undefined {
  const words = text.split(/\s+/u).filter((word) => word !== "");
  if (words.length === 0) return undefined;
  const quoted = words.slice(0, WORDS_MAX).map((word) => `'${word.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`);
  const last = words[Math.min(words.length, WORDS_MAX) - 1];
  return quoted.join(" & ") + (last.length >= BEGINNING_LENGTH_MIN ? ":*" : "");
}
