import { readFile } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import { jsonOption, UsageError } from "../cliError";
import { readText } from "../commands/selectRows";
import type { StoredRound } from "./replayRound";

/** A manifest file, and a folder with its arrays laid out by key. */
export function openRoundFiles(manifestPath: string, folder: string): StoredRound {
  return {
    place: `--manifest: ${manifestPath}`,
    manifest: jsonOption("--manifest", readText("--manifest", manifestPath)),
    read: (key) => readFile(pathOf(folder, key)),
  };
}

/** A key is a relative path; one that leaves the folder is refused. */
function pathOf(folder: string, key: string): string {
  const relative = normalize(key);
  if (isAbsolute(relative) || relative.split(/[\\/]/).includes("..")) {
    throw new UsageError(`The manifest names the array "${key}", which is not inside the data folder.`);
  }
  return join(folder, relative);
}
