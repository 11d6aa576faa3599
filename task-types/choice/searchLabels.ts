import type { ChoiceLabel } from "./schema";

/** Lower-case, without accents, with separators as spaces: "Päy_Out-now" → "pay out now". */
export function foldText(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[_\-./]+/g, " ")
    .trim();
}

/**
 * Positions of the labels that match a search: every word of it must occur in the title or id. Titles that start with the
 * search come first, then titles with a word that does, then the rest; ties keep the labels' order. Empty search: all.
 * Cost: O(labels · length).
 */
export function searchLabels(labels: readonly ChoiceLabel[], search: string): number[] {
  const wanted = foldText(search);
  if (wanted === "") return labels.map((_, i) => i);
  const words = wanted.split(/\s+/);
  const hits: { index: number; tier: number }[] = [];
  labels.forEach((label, index) => {
    const title = foldText(label.title);
    const all = `${title} ${foldText(label.id)}`;
    if (!words.every((word) => all.includes(word))) return;
    const tier = title.startsWith(wanted) ? 0 : words.every((word) => ` ${title}`.includes(` ${word}`)) ? 1 : 2;
    hits.push({ index, tier });
  });
  return hits.sort((a, b) => a.tier - b.tier || a.index - b.index).map((hit) => hit.index);
}
