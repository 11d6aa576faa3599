import { build } from "esbuild";
import { expect, test } from "vitest";

/** Files that a program loads before it has run a line: what its imports reach, those inside functions left out. */
async function loadedAtOnce(entry: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    splitting: true,
    format: "esm",
    platform: "node",
    packages: "external",
    outdir: "dist/never-written",
    logLevel: "silent",
  });
  const files = new Set<string>();
  const visit = (name: string): void => {
    const output = metafile.outputs[name];
    for (const file of Object.keys(output.inputs)) files.add(file);
    for (const { path, kind } of output.imports) if (kind === "import-statement" && metafile.outputs[path]) visit(path);
  };
  const start = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === entry);
  if (start) visit(start[0]);
  return [...files];
}

test.each(["scripts/start.ts", "scripts/build.ts", "scripts/test.ts", "scripts/migrate.ts"])(
  "%s runs in a fresh clone, before anything is generated",
  async (entry) => {
    const files = await loadedAtOnce(entry);
    expect(files).toContain(entry);
    expect(files.filter((file) => /generated|^server\/db\.ts$/.test(file))).toEqual([]);
  },
);
