import { AppError } from "../../errors";
import { writeExport } from "../../exporting";
import { attachmentResponse } from "./attachment";
import { parameter } from "./requestBody";
import type { RestCall } from "./restRoute";

function oneOf<T extends string>(url: URL, name: string, allowed: readonly T[], otherwise: T): T {
  const value = parameter(url, name);
  if (value === undefined) return otherwise;
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new AppError("E_BAD_INPUT", `${name}: expected ${allowed.join(" or ")}, got "${value.slice(0, 50)}".`, {
    details: { field: name },
  });
}

/** `GET /export?what=items|annotations&format=csv|jsonl&raw=0|1`: a download, streamed. */
export async function getExport(call: RestCall<{ id: string }>): Promise<Response> {
  const { url } = call;
  const what = oneOf(url, "what", ["items", "annotations"], "items");
  const format = oneOf(url, "format", ["csv", "jsonl"], "csv");
  const isRaw = oneOf(url, "raw", ["0", "1"], "0") === "1";
  return attachmentResponse(await writeExport(call, { what, format, isRaw }));
}
