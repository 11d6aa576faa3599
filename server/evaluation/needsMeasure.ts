/** Newest versions that are measured again with every change of the sample. */
const CLOSELY_WATCHED = 10;
/** Others are measured again once this share of their sample is new: old points move little. */
const NEW_SHARE_MIN = 0.1;

/**
 * Whether a version is to be measured (again) on the audit sample. Pure.
 *
 * @param place 0 for the newest ready version.
 * @param last the newest accuracy point on audits; undefined: never measured.
 * @param serving sequence numbers of the audit labels that serve now.
 */
export function needsMeasure(
  version: { place: number; isActive: boolean },
  last: { n: number; labelSeq: number } | undefined,
  serving: readonly number[],
): boolean {
  if (serving.length === 0) return false;
  if (!last) return true;
  const nNew = serving.reduce((sum, seq) => sum + (seq > last.labelSeq ? 1 : 0), 0);
  // Withdrawn labels and those that graduated shrink the sample without a newer label.
  const nGone = Math.max(0, last.n + nNew - serving.length);
  const nChanged = nNew + nGone;
  if (version.isActive || version.place < CLOSELY_WATCHED) return nChanged > 0;
  return nChanged >= NEW_SHARE_MIN * serving.length;
}
