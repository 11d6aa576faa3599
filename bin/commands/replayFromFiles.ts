import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import type { RoundManifest } from "@/contracts/manifest";
import { roundManifest } from "@/contracts/manifest";
import type { Kernels } from "@/strategies/kernels";
import { createReferenceKernels } from "@/strategies/kernels";
import { jsonOption, UsageError } from "../cliError";
import { cliKernels } from "../cliKernels";
import type { ReplayReport } from "../replay/replayRound";
import { bytesOf, replayRound } from "../replay/replayRound";
import { readText } from "./selectRows";

/** `winnow replay`: a manifest file and a folder with its arrays, laid out by key. */
export async function replayFromFiles(
  manifestPath: string,
  folder: string,
): Promise<ReplayReport & { readonly codeVersion: string; readonly sameKernels: boolean }> {
  const parsed = roundManifest.safeParse(jsonOption("--manifest", readText("--manifest", manifestPath)));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw new UsageError(`--manifest: ${manifestPath} is no round manifest: ${path.join(".") || "it"}: ${message}.`);
  }
  const manifest = parsed.data;
  const { kernels, sha256 } = await kernelsFor(manifest);
  const report = await replayRound(manifest, (key) => readFile(pathOf(folder, key)), kernels);
  return { ...report, codeVersion: manifest.codeVersion, sameKernels: sha256 === manifest.kernelsSha256 };
}

async function kernelsFor(manifest: RoundManifest): Promise<{ kernels: Kernels; sha256: string | null }> {
  if (manifest.kernels === "reference") return { kernels: createReferenceKernels(), sha256: null };
  const { embeddings } = manifest.arrays;
  const bytes = embeddings === undefined ? 0 : bytesOf({ dtype: "f4", shape: [embeddings.rows, embeddings.dim] });
  const { kernels, wasm } = await cliKernels(bytes);
  return { kernels, sha256: createHash("sha256").update(wasm).digest("hex") };
}

/** A key is a relative path; one that leaves the folder is refused. */
function pathOf(folder: string, key: string): string {
  const relative = normalize(key);
  if (isAbsolute(relative) || relative.split(/[\\/]/).includes("..")) {
    throw new UsageError(`The manifest names the array "${key}", which is not inside the data folder.`);
  }
  return join(folder, relative);
}
