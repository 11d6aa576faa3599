import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { AppError } from "../../errors";

export const MODEL_FILE = "model.onnx";
export const TOKENIZER_FILE = "tokenizer.json";

/**
 * The real path of a model's folder. What it names after following links must lie inside `modelsRoot`, whatever `path`
 * is made of, and hold the two files a sentence encoder needs.
 *
 * @throws AppError E_PRECONDITION naming what is missing; E_FORBIDDEN for a path that leads outside.
 */
export async function resolveModelFolder(modelsRoot: string, path: string): Promise<string> {
  const missing = (what: string, cause?: unknown) =>
    new AppError("E_PRECONDITION", `${what} Put the model's folder into "${modelsRoot}" on the server.`, { cause });
  if (path.includes("\0")) throw new AppError("E_BAD_INPUT", "A model path cannot contain a zero character.");
  const root = await realpath(modelsRoot).catch((error: unknown) => {
    throw missing(`The folder of ONNX models does not exist.`, error);
  });
  const folder = await realpath(join(root, path)).catch((error: unknown) => {
    throw missing(`There is no model folder "${path}".`, error);
  });
  if (!folder.startsWith(root + sep)) {
    throw new AppError("E_FORBIDDEN", `The model path "${path}" leads outside the instance's model folder.`);
  }
  for (const name of [MODEL_FILE, TOKENIZER_FILE]) {
    const file = await realpath(join(folder, name)).catch(() => undefined);
    const isInside = file?.startsWith(root + sep) === true && (await stat(file)).isFile();
    if (!isInside) throw missing(`The model folder "${path}" has no ${name}.`);
  }
  return folder;
}
