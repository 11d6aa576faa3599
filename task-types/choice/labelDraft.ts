import type { ChoiceLabel } from "./schema";
import { choiceConfig } from "./schema";

/** The look of new labels; told apart by lightness as well as hue. */
export const LABEL_COLORS = ["#0f7285", "#c2571a", "#6b4fb3", "#2f8a4c", "#b3363e", "#8a6d00", "#4a5a6a", "#b0479c"];

/**
 * A stable id from a title: lower-case letters and digits of any script, joined by "_"; numbered when it is taken.
 * "Card payment – wrong rate!" → "card_payment_wrong_rate".
 */
export function makeLabelId(title: string, taken: ReadonlySet<string>): string {
  const base =
    title
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, "_")
      .replace(/^_+|_+$/g, "")
      .slice(0, 180) || "label";
  if (!taken.has(base)) return base;
  for (let n = 2; ; n++) if (!taken.has(`${base}_${n}`)) return `${base}_${n}`;
}

/**
 * Labels from pasted lines: "title", or "title", a tab or " | ", and a description. Empty lines and titles that exist already
 * (in `existing` or above) are left out.
 */
export function parseLabelLines(
  text: string,
  existing: readonly ChoiceLabel[],
): { labels: ChoiceLabel[]; nSkipped: number } {
  const ids = new Set(existing.map((label) => label.id));
  const titles = new Set(existing.map((label) => label.title.trim().toLowerCase()));
  const labels: ChoiceLabel[] = [];
  let nSkipped = 0;
  for (const line of text.split(/\r?\n/)) {
    const [title = "", ...rest] = line.split(/\t| \| /).map((part) => part.trim());
    if (title === "") continue;
    if (titles.has(title.toLowerCase())) {
      nSkipped += 1;
      continue;
    }
    const id = makeLabelId(title, ids);
    ids.add(id);
    titles.add(title.toLowerCase());
    const description = rest.join(" ").trim();
    labels.push({ id, title, ...(description === "" ? {} : { description }) });
  }
  return { labels, nSkipped };
}

export interface LabelProblems {
  /** Per label, by position. */
  byLabel: string[][];
  /** About the list as a whole. */
  general: string[];
}

/** What the schema, and common sense about equal titles, have against a list of labels. */
export function findLabelProblems(labels: readonly ChoiceLabel[]): LabelProblems {
  const byLabel: string[][] = labels.map(() => []);
  const general: string[] = [];
  const parsed = choiceConfig.safeParse({ labels });
  for (const issue of parsed.error?.issues ?? []) {
    const at = issue.path[1];
    if (typeof at === "number" && at < labels.length) {
      byLabel[at].push(issue.path[2] === "title" ? "A label needs a title of at most 200 characters." : issue.message);
    } else {
      general.push(labels.length < 2 ? "At least two labels are needed." : issue.message);
    }
  }
  const seen = new Map<string, number>();
  labels.forEach((label, i) => {
    const title = label.title.trim().toLowerCase();
    const first = seen.get(title);
    if (title !== "" && first !== undefined) byLabel[i].push(`Label ${first + 1} has the same title.`);
    else seen.set(title, i);
  });
  return { byLabel, general };
}
