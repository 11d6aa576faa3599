import { Badge } from "@/app/_ui/Badge";
import { Card } from "@/app/_ui/Card";
import { formatNumber, formatPercent } from "@/app/_ui/format";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import type { TailorPageView } from "@/contracts/acquisition";

/** Classes that have a column; the belief's numbers have all. */
const CLASSES_MAX = 8;

/** What every arm brought over the life of the belief, most rewarding first. */
export function ArmTable({ view, nameOf }: { view: TailorPageView; nameOf: (armId: string) => string }) {
  const classes = view.classes.map((_, k) => k).sort((a, b) => view.weights[b] - view.weights[a]);
  const shown = classes.slice(0, CLASSES_MAX);
  return (
    <Card
      title="What the arms brought"
      description="Since the belief began. Yield: labels of a class per 100 answered picks. An arm with many skips picks what people cannot answer."
      padded={false}
    >
      <Table label="Arms">
        <THead>
          <Th>Arm</Th>
          <Th numeric>Expected reward</Th>
          <Th numeric>Best by</Th>
          <Th numeric>Picks</Th>
          <Th numeric>Answered</Th>
          <Th numeric>Skipped</Th>
          <Th numeric>Not asked</Th>
          {shown.map((k) => (
            <Th key={k} numeric>
              {view.classes[k]} per 100
            </Th>
          ))}
        </THead>
        <TBody>
          {view.arms.map((arm) => (
            <Tr key={arm.id}>
              <Td>
                {nameOf(arm.id)} {!arm.isActive && <Badge>off</Badge>}
              </Td>
              <Td numeric>{formatNumber(arm.expectedReward, 3)}</Td>
              <Td numeric>{formatPercent(arm.best, 0)}</Td>
              <Td numeric>{formatNumber(arm.pulls)}</Td>
              <Td numeric>{formatNumber(arm.credits)}</Td>
              <Td numeric>{formatNumber(arm.skipped)}</Td>
              <Td numeric>{formatNumber(arm.withdrawn)}</Td>
              {shown.map((k) => (
                <Td key={k} numeric>
                  {arm.yieldPer100 === null ? "–" : formatNumber(arm.yieldPer100[k] ?? 0, 1)}
                </Td>
              ))}
            </Tr>
          ))}
        </TBody>
      </Table>
    </Card>
  );
}
