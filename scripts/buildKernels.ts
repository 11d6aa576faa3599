import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const SOURCE_FOLDER = join(ROOT, "strategies", "kernels", "assembly");
const BUILD_FOLDER = join(ROOT, "strategies", "kernels", "build");
const WASM_FILE = join(BUILD_FOLDER, "kernels.wasm");
const HASH_FILE = join(BUILD_FOLDER, "kernels.hash");

/** Plain SIMD is the same bits on every machine; relaxed SIMD is not, and stays off. */
const COMPILER_OPTIONS = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--importMemory"];

/**
 * Compiles the AssemblyScript kernels to strategies/kernels/build/kernels.wasm unless that file was built from exactly
 * these sources with this compiler. Cheap when fresh: it reads and hashes a few small files. Safe to run from several
 * processes at once: files appear whole, by renaming.
 *
 * @returns the path of the WASM file and whether it was compiled now.
 */
export async function ensureKernelsBuilt(): Promise<{ path: string; isRebuilt: boolean }> {
  const hash = await hashSources();
  if (existsSync(WASM_FILE) && (await readFile(HASH_FILE, "utf8").catch(() => "")) === hash) {
    return { path: WASM_FILE, isRebuilt: false };
  }
  await mkdir(BUILD_FOLDER, { recursive: true });
  const unfinished = join(BUILD_FOLDER, `kernels.${randomUUID()}`);
  await compile(`${unfinished}.wasm`);
  await writeFile(`${unfinished}.hash`, hash);
  await rename(`${unfinished}.wasm`, WASM_FILE);
  await rename(`${unfinished}.hash`, HASH_FILE);
  return { path: WASM_FILE, isRebuilt: true };
}

async function hashSources(): Promise<string> {
  const hash = createHash("sha256");
  const names = (await readdir(SOURCE_FOLDER)).filter((name) => name.endsWith(".ts")).sort();
  for (const name of names)
    hash
      .update(`${name}\0`)
      .update(await readFile(join(SOURCE_FOLDER, name)))
      .update("\0");
  const compilerPackage = await readFile(join(ROOT, "node_modules", "assemblyscript", "package.json"), "utf8");
  const { version } = JSON.parse(compilerPackage) as { version: string };
  return hash.update(JSON.stringify({ COMPILER_OPTIONS, version })).digest("hex");
}

async function compile(outFile: string): Promise<void> {
  const { default: asc } = await import("assemblyscript/asc");
  const { error, stderr } = await asc.main(
    [
      relative(ROOT, join(SOURCE_FOLDER, "index.ts")),
      ...COMPILER_OPTIONS,
      "--baseDir",
      ROOT,
      "--outFile",
      relative(ROOT, outFile),
    ],
    {},
  );
  if (error !== null) throw new Error(`The kernels did not compile: ${error.message}\n${stderr.toString()}`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { path, isRebuilt } = await ensureKernelsBuilt();
  console.log(`${relative(ROOT, path)} ${isRebuilt ? "built" : "is up to date"}`);
}
