import type { ContentKind } from "@/contracts/project";
import { checkContent, checkMeta, isPlainObject, kindOf } from "./checkContent";
import type { ItemCandidate } from "./itemCandidate";
import { canonicalContent, checkExternalId, checkItemBytes, hashContent, isNoLabel } from "./itemCandidate";
import { refuseRow } from "./rowIssue";

const PROPERTIES: readonly string[] = ["externalId", "content", "meta", "label"];

/**
 * Checks one item of an ingest call. The id is left empty when the caller gave none.
 * @throws RowRefused naming the field.
 */
export function checkItem(kind: ContentKind, line: number, item: unknown): ItemCandidate {
  if (!isPlainObject(item)) {
    refuseRow("notAnItem", undefined, `Expected an item such as {"content": {…}}, got ${kindOf(item)}.`);
  }
  const unknown = Object.keys(item).find((name) => !PROPERTIES.includes(name));
  if (unknown !== undefined) {
    refuseRow(
      "unknownProperty",
      unknown.slice(0, 50),
      `Items have ${PROPERTIES.join(", ")}; got "${unknown.slice(0, 50)}".`,
    );
  }
  const content = canonicalContent(checkContent(kind, item.content));
  const { meta } = item;
  if (meta !== undefined && meta !== null && !isPlainObject(meta)) {
    refuseRow("wrongType", "meta", `Expected an object with named values, got ${kindOf(meta)}.`);
  }
  checkMeta(meta, "meta");
  const metaJson = isPlainObject(meta) && Object.keys(meta).length > 0 ? JSON.stringify(meta) : null;
  return {
    line,
    externalId: item.externalId === undefined ? "" : checkExternalId(item.externalId, "externalId"),
    content,
    hash: hashContent(content),
    meta: metaJson,
    label: isNoLabel(item.label) ? undefined : item.label,
    bytes: checkItemBytes(content, metaJson),
  };
}
