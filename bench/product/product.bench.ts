import { rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { measureNextItem } from "./measureNextItem";
import { measureStarts } from "./measureStarts";

/**
 * What a person waits for: command one from an installed clone to a page that answers, and the next item after a key.
 * Usage: npx tsx --conditions=react-server bench/product/product.bench.ts [labels = 300]
 * Removes `.next`, so that the first start builds as it does after installation.
 */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const labels = Number(process.argv[2] ?? 300);

const loadBefore = loadavg();
rmSync(`${ROOT}.next`, { recursive: true, force: true });
const { starts, winnow } = await measureStarts();
try {
  const nextItem = await measureNextItem(winnow, labels);
  const result = {
    date: new Date().toISOString(),
    command: `npx tsx --conditions=react-server bench/product/product.bench.ts ${labels}`,
    machine: {
      cpu: cpus()[0]?.model.trim(),
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    loadBefore,
    loadAfter: loadavg(),
    starts,
    nextItem,
  };
  writeFileSync(`${ROOT}bench/results/product.json`, `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify(result, null, 2));
} finally {
  await winnow.cleanup();
}
