/** The part of a Markdown tree (hast) that marking needs. */
interface Node {
  type: string;
  value?: string;
  tagName?: string;
  properties?: Record<string, unknown>;
  children?: Node[];
}

/**
 * A rehype plugin that wraps every occurrence of `search` in <mark>, ignoring case. It only cuts text nodes, so it cannot
 * bring markup in.
 */
export function markMatches(search: string): () => (tree: Node) => void {
  const wanted = search.trim().toLowerCase();
  return () => (tree) => {
    if (wanted !== "") markIn(tree, wanted);
  };
}

function markIn(node: Node, wanted: string): void {
  node.children = node.children?.flatMap((child) => {
    if (child.type === "text" && child.value !== undefined) return cut(child.value, wanted);
    markIn(child, wanted);
    return [child];
  });
}

function cut(text: string, wanted: string): Node[] {
  const folded = text.toLowerCase();
  // Letters whose lower case has another length would shift the positions: such a text is left whole.
  if (folded.length !== text.length) return [{ type: "text", value: text }];
  const parts: Node[] = [];
  let at = 0;
  for (let hit = folded.indexOf(wanted); hit >= 0; hit = folded.indexOf(wanted, at)) {
    if (hit > at) parts.push({ type: "text", value: text.slice(at, hit) });
    const value = text.slice(hit, hit + wanted.length);
    parts.push({ type: "element", tagName: "mark", properties: {}, children: [{ type: "text", value }] });
    at = hit + wanted.length;
  }
  if (at < text.length) parts.push({ type: "text", value: text.slice(at) });
  return parts;
}

/** How often `search` occurs in a text, ignoring case. */
export function countMatches(text: string, search: string): number {
  const wanted = search.trim().toLowerCase();
  return wanted === "" ? 0 : text.toLowerCase().split(wanted).length - 1;
}
