import { countOf, formatNumber } from "@/app/_ui/format";
import type { OverviewView } from "@/contracts/dashboards";

type Progress = Pick<OverviewView["mainStrategy"], "nTraining" | "minLabels" | "nClasses" | "minClasses">;

/**
 * How far a project is from its main strategy: "47 of 50 training labels, 3 more until Entropy." Null once it is reached.
 * Audit labels are no training labels.
 */
export function wordMainProgress(p: Progress, title: string): string | null {
  const missing = p.minLabels - p.nTraining;
  if (missing > 0) {
    return `${formatNumber(p.nTraining)} of ${formatNumber(p.minLabels)} training labels, ${formatNumber(missing)} more until ${title}.`;
  }
  if (p.nClasses >= p.minClasses) return null;
  return `Labels of ${formatNumber(p.nClasses)} of ${countOf(p.minClasses, "class", "classes")}, ${formatNumber(p.minClasses - p.nClasses)} more until ${title}.`;
}
