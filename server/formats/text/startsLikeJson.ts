import { bomLength } from "./readText";

/** The first byte that is not white space, as a character; undefined when there is none. */
export function firstCharacter(head: Uint8Array): string | undefined {
  for (let i = bomLength(head); i < head.length; i++) {
    const c = head[i];
    if (c !== 32 && c !== 9 && c !== 10 && c !== 13) return String.fromCharCode(c);
  }
  return undefined;
}

/** Whether a text starts with an object or a list. */
export function startsLikeJson(head: Uint8Array): boolean {
  const first = firstCharacter(head);
  return first === "{" || first === "[";
}
