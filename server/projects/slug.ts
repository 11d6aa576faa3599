import { randomBytes } from "node:crypto";

const SLUG_LENGTH_MAX = 64;
/** Room for "-99" or a random tail. */
const BASE_LENGTH_MAX = 52;
const NUMBERED_MAX = 20;
const TAIL_BYTES = 4;
const FALLBACK = "project";

/** Lower-case letters, digits and single dashes out of a name; "project" when nothing of it is left. */
export function slugOf(name: string): string {
  const text = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replaceAll("ß", "ss")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, BASE_LENGTH_MAX)
    .replace(/^-+|-+$/g, "");
  return text === "" ? FALLBACK : text;
}

/** Addresses to try in turn: the name, the name with 2, 3, …, at last one with a random tail. */
export function* slugCandidates(name: string): Generator<string> {
  const base = slugOf(name);
  yield base;
  for (let n = 2; n <= NUMBERED_MAX; n++) yield `${base}-${n}`;
  yield `${base}-${randomBytes(TAIL_BYTES).toString("hex")}`.slice(0, SLUG_LENGTH_MAX);
}
