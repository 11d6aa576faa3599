/** Writes the generated part of docs/reference/api.md anew: `npx tsx scripts/writeApiReference.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GENERATED_MARK, renderReference } from "../server/api/reference/renderReference";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = `${root}docs/reference/api.md`;
const [written] = readFileSync(page, "utf8").split(GENERATED_MARK);
writeFileSync(page, written + renderReference(root));
