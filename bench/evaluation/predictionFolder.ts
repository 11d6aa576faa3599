import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One prediction matrix of a folder, as its index.json names it. */
export interface SetEntry {
  name: string;
  n: number;
  models: number;
  classes: number;
  /** Sizes of the published runs. */
  paper_pool_size: number;
  paper_epsilon: number;
}

export function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
}

/** The folder of prediction matrices that the command was given; without one the command says so and ends well. */
export function givenFolder(): string {
  const folder = process.argv[2];
  if (folder === undefined || folder.startsWith("--") || !existsSync(join(folder, "index.json"))) {
    console.log(
      `Skipped: ${folder ?? "no folder given"} holds no index.json. Give the folder of the prediction matrices.`,
    );
    process.exit(0);
  }
  return folder;
}

export function readIndex(folder: string): SetEntry[] {
  return JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as SetEntry[];
}
