import { createHash } from "node:crypto";
import type { RoundManifest } from "@/contracts/manifest";
import { roundManifest } from "@/contracts/manifest";
import type { Kernels } from "@/strategies/kernels";
import { createReferenceKernels } from "@/strategies/kernels";
import { integerOption, UsageError } from "../cliError";
import { cliKernels } from "../cliKernels";
import { openRoundFiles } from "../replay/openRoundFiles";
import { openServedRound } from "../replay/openServedRound";
import type { ReplayReport, StoredRound } from "../replay/replayRound";
import { bytesOf, replayRound } from "../replay/replayRound";
import { readText } from "./selectRows";

export interface ReplayFlags {
  manifest?: string;
  data?: string;
  server?: string;
  key?: string;
  keyFile?: string;
  project?: string;
  round?: string;
}

const SERVER_FLAGS = ["server", "key", "keyFile", "project", "round"] as const;
const FILE_FLAGS = ["manifest", "data"] as const;

/** `winnow replay`: a round of an instance, or a manifest file and a folder with its arrays. */
export async function replayStored(
  flags: ReplayFlags,
): Promise<ReplayReport & { readonly codeVersion: string; readonly sameKernels: boolean }> {
  const stored = await openStored(flags);
  const parsed = roundManifest.safeParse(stored.manifest);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw new UsageError(`${stored.place} is no round manifest: ${path.join(".") || "it"}: ${message}.`);
  }
  const manifest = parsed.data;
  const { kernels, sha256 } = await kernelsFor(manifest);
  const report = await replayRound(manifest, stored.read, kernels);
  return { ...report, codeVersion: manifest.codeVersion, sameKernels: sha256 === manifest.kernelsSha256 };
}

async function openStored(flags: ReplayFlags): Promise<StoredRound> {
  const isOfServer = SERVER_FLAGS.some((name) => flags[name] !== undefined);
  if (isOfServer === FILE_FLAGS.some((name) => flags[name] !== undefined)) {
    throw new UsageError(
      "winnow replay takes either --server, --key (or --key-file), --project and --round, or --manifest and --data.",
    );
  }
  if (!isOfServer) return openRoundFiles(required(flags, "manifest"), required(flags, "data"));
  return openServedRound({
    server: required(flags, "server"),
    key: flags.keyFile === undefined ? required(flags, "key") : readText("--key-file", flags.keyFile).trim(),
    project: required(flags, "project"),
    round: integerOption("--round", required(flags, "round"), 1),
  });
}

function required(flags: ReplayFlags, name: keyof ReplayFlags): string {
  const value = flags[name];
  if (value === undefined || value === "") throw new UsageError(`winnow replay: --${name} is missing.`);
  return value;
}

async function kernelsFor(manifest: RoundManifest): Promise<{ kernels: Kernels; sha256: string | null }> {
  if (manifest.kernels === "reference") return { kernels: createReferenceKernels(), sha256: null };
  const { embeddings } = manifest.arrays;
  const bytes = embeddings === undefined ? 0 : bytesOf({ dtype: "f4", shape: [embeddings.rows, embeddings.dim] });
  const { kernels, wasm } = await cliKernels(bytes);
  return { kernels, sha256: createHash("sha256").update(wasm).digest("hex") };
}
